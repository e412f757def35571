"""Builds that take a moment, for tests of everything around them."""

from __future__ import annotations

import json
from pathlib import Path

from builder.protocol.variables import SEAL, SEAL_VARIABLE

WORKER = """
import base64, hashlib, json, os, pathlib, sys, time, uuid, zipfile
request = json.loads(pathlib.Path("request.json").read_text())
source = pathlib.Path("project") / (request["package"] or "")
word = source / "behave"
word = word.read_text().split() if word.is_file() else []
if word[:1] == ["as"]:
    word = pathlib.Path(word[1]).read_text().split()
target, merging = os.environ.get("LAYER_TARGET", ""), os.environ.get("LAYER_MERGE") == "true"
places = (target or "merge", os.environ.get("LAYER_COMPUTE", "container"))
while word and word[-1].startswith("on:"):
    word = word[:-1] if word[-1][3:] in places else []
print("building", request["layer"], *[target] * bool(target), *["merge"] * merging, flush=True)
deadline = time.time() + 300
def wait(path, there):
    while pathlib.Path(path).exists() is not there:
        if time.time() > deadline:
            sys.exit("the test has not said that this build may go on: " + path)
        time.sleep(0.02)
wait(os.environ["HOLD"], False)
if "wait" in word:
    wait(word[1], True)
if "fail" in word:
    print("no such package: unobtainium")
    sys.exit(3)
if "refuse" in word:
    print("ERROR: there is no package unobtainium\\n  where:    web\\n  fix:      correct it")
    sys.exit(1)
if "needs" in word:
    print("ERROR: numpy 2.0 cannot be built\\n  fix:      look\\n  needs:    a compiler")
    sys.exit(1)
if "nothing" in word:
    pathlib.Path("out").mkdir()
    pathlib.Path("out/note.txt").write_text("no layer here")
    sys.exit(0)
pathlib.Path("out").mkdir()
made = uuid.uuid4().hex if "random" in word else request["fingerprint"]
pythons = [t["python"] for t in request["targets"]]
if target:
    with zipfile.ZipFile("out/part.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("made.py"), f"made = '{made}'")
        archive.writestr(zipfile.ZipInfo("id"), os.environ["CODEBUILD_BUILD_ID"])
    receipt = {
        "schema": 1, "fingerprint": request["fingerprint"], "target": target,
        "size": os.path.getsize("out/part.zip"), "build_id": os.environ["CODEBUILD_BUILD_ID"],
        "manifest_sha256": "0" * 64,
    }
    pathlib.Path("out/part.json").write_text(json.dumps(receipt))
    sys.exit(0)
parts = []
with zipfile.ZipFile("out/layer.zip", "w") as archive:
    if not merging:
        archive.writestr(zipfile.ZipInfo("python/made.py"), f"made = '{made}'")
    for python in pythons if merging else []:
        part = pathlib.Path(os.environ["CODEBUILD_SRC_DIR_python" + python.replace(".", "_")])
        name = f"python/lib/python{python}/site-packages/made.py"
        archive.writestr(zipfile.ZipInfo(name), (part / "made.py").read_bytes())
        parts.append({"target": "python" + python, "build_id": (part / "id").read_text()})
content = pathlib.Path("out/layer.zip").read_bytes()
locks = [f"lock-{target['python']}.txt" for target in request["targets"]]
for name in locks:
    pathlib.Path("out", name).write_text(f"# {name} of {request['fingerprint']}\\nmade==1\\n")
manifest = {
    "schema": 1,
    "layer": request["layer"],
    "fingerprint": request["fingerprint"],
    "targets": request["targets"],
    "code_sha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
    "unzipped_size": 100,
    "zipped_size": len(content),
    "files": 1,
    "packages": [{"name": "made", "version": "1", "size": 100}],
    "locks": [
        {"file": name, "sha256": hashlib.sha256(pathlib.Path("out", name).read_bytes()).hexdigest()}
        for name in locks
    ],
    "worker": "0.1.0",
    "build_id": os.environ["CODEBUILD_BUILD_ID"],
    "parts": parts,
}
if "wheels" in word:
    manifest["build_requirements"] = []
if "lie" in word:
    manifest["code_sha256"] = base64.b64encode(bytes(32)).decode()
pathlib.Path("out/manifest.json").write_text(json.dumps(manifest))
if "late" in word:
    sys.exit(4)
"""
"""A worker that takes a moment: it keeps the protocol and installs nothing.

A file ``behave`` beside the package says otherwise: ``wait PATH`` until a file exists, ``fail``,
``nothing`` (no artifact), ``random`` (other bytes in every build), ``lie`` (a manifest of other
bytes), ``wheels`` (nothing was built from source), ``late`` (it fails when all is made). A last
word such as ``on:python3.12`` or ``on:merge`` says which of a layer's builds is meant. The file is
part of the source: who wants a build of the same source to behave otherwise says ``as`` and a file
that holds the words. Whatever it does, it does not begin while the file HOLD is there."""


def buildspec(hold: Path) -> str:
    """Return the buildspec of builds that do not begin while a file is there."""
    commands = [f"cat > fast.py <<'END'\n{WORKER}\nEND\npython3 fast.py", SEAL]
    return json.dumps(
        {
            "version": "0.2",
            "env": {
                "variables": {"HOLD": str(hold)},
                "exported-variables": [SEAL_VARIABLE],
            },
            "phases": {"build": {"commands": commands}},
            "artifacts": {"base-directory": "out", "files": ["**/*"]},
        }
    )
