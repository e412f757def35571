// Preloaded into the Node process that runs cdktf or cdktn (see bindings.py).
//
// The index of a provider package requires all of its 1,600 modules, which takes three seconds.
// Here each is required when it is first asked for. An index that looks different is left alone.
const Module = require("module");

const INDEX = /[\\/]@cdkt[fn][\\/]provider-[^\\/]+[\\/]lib[\\/]index\.js$/;
const EXPORT = /^exports\.(\w+) = require\(("[^"]+")\);$/gm;
const GETTER =
  'Object.defineProperty(exports, "$1", { enumerable: true, configurable: true, get: () => require($2) });';

const compile = Module.prototype._compile;
Module.prototype._compile = function (content, filename, ...rest) {
  const source = INDEX.test(filename) ? content.replace(EXPORT, GETTER) : content;
  return compile.call(this, source, filename, ...rest);
};
