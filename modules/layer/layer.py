"""One Lambda layer in Terraform: what it needs, the approval to build it, what came of it.

The rules are those of "Plan never writes" in the design: the plan hook reads and is safe at any
time, the approval is the one object that a plan which needs a build changes, and the release hook
depends on the approval alone, so that Terraform runs it during apply exactly when there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import (
    Fn,
    ITerraformDependable,
    Op,
    Precondition,
    TerraformLocal,
    TerraformOutput,
    TerraformResourceLifecycle,
    Token,
)
from constructs import Construct

from builder.protocol.keys import LayerKeys
from builder.protocol.statuses import AT_REST, BUILDING, CURRENT, INVALID, NO_BUILD, PINNED
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_layers import with_supervisor
from modules.layer import size_check
from modules.layer.assets import SourceTree, bundle_sources
from modules.layer.bindings import DataExternal, S3Object
from modules.layer.build_role import build_role
from modules.layer.hooks import program_words
from modules.layer.image import image
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.layer_errors import (
    no_layer,
    no_publisher,
    no_version,
    none_yet,
    not_released,
    not_the_planned,
)
from modules.layer.naming import Element, literal, named
from modules.layer.providers import use_provider
from modules.layer.publisher import Publisher
from modules.layer.retention import FATE_OF_IMAGES, fate_of_versions

PROJECT_ROOT = "${path.module}/../../.."
"""Where the project is, seen from cdktf.out/stacks/NAME."""

Flag = bool | str
"""True, False, or a Terraform expression such as ``variable.string_value``."""


class LambdaLayer(Construct):
    """A Lambda layer that is built in CodeBuild, published, and known to Terraform by its ARN.

    ``root`` is the folder that the spec's paths are relative to, as Terraform sees it. With
    ``sources`` these files are synthesized beside the JSON and used instead, so that it can be
    applied where there is no checkout. ``program`` runs the builder. ``retain_versions`` keeps the
    published versions when the layer is destroyed. With a ``publisher`` releases can finish without
    anybody: ``sync_mode`` may be false.

    Properties are Terraform expressions for other resources; use ``layer_arn`` in a function's
    ``layers``. Those of an unchanged layer are known at plan.
    """

    def __init__(  # noqa: PLR0913 - the settings of a construct are keyword arguments
        self,
        scope: Construct,
        id_: str,
        *,
        infrastructure: BuildInfrastructure,
        spec: LayerSpec,
        root: str = PROJECT_ROOT,
        sources: SourceTree | None = None,
        force_rebuild: Flag = False,
        debug_mode: Flag = False,
        sync_mode: Flag = True,
        retain_versions: Flag = False,
        publisher: Publisher | None = None,
        program: Sequence[str] = ("lambda-layer",),
    ) -> None:
        super().__init__(scope, id_)
        self._address = infrastructure.admit(self, spec.name)
        self.spec = spec
        self._keys = LayerKeys(spec.name)
        self._infrastructure = infrastructure
        self._publisher = publisher
        if publisher is not None:
            publisher.serve(spec)
        elif sync_mode is False:
            raise no_publisher(spec)
        self._program = program_words(spec, program)
        infrastructure.expire(f"{self._keys.bundles}/")

        self._layer_name = infrastructure.app.layer_name(spec.name, spec.layer_name)
        images = self._image(retain_versions) if spec.image else []
        self._query = {
            "spec": literal(spec.to_json()),
            "root": bundle_sources(self, self._address or spec.name, sources) if sources else root,
            "layer_name": self._layer_name,
            "build_role": infrastructure.build_role_arn(spec.name),
            "force_rebuild": _text(force_rebuild),
            "debug_mode": _text(debug_mode),
            "sync_mode": _text(sync_mode),
        }
        asked = {**self._query, **infrastructure.roles.asked(spec.name)}
        answer = infrastructure.hooks.plan(spec.name, asked, self._program)
        self._plan = self._named(TerraformLocal(self, "plan", Fn.jsondecode(answer)))
        role = build_role(self, spec, infrastructure, self._address)
        self._settings = {
            **infrastructure.remembered,
            "layer": spec.name,
            "layer_name": self._layer_name,
            "retain": retain_versions,
            # For people: a plan of `terraform destroy` shows it.
            "on_destroy": FATE_OF_IMAGES
            if spec.image
            else fate_of_versions(retain_versions, force_destroy=infrastructure.force_destroy),
        }
        infrastructure.retire(spec.name, self._settings, self._program)
        finisher = publisher.ready if publisher else []
        ready = [*infrastructure.ready, *role.ready, *images, *finisher]
        self._approval = self._approve(ready)
        self._release = self._release_hook({**infrastructure.query(), **self._query}, answer)
        self._answer = self._choose()
        infrastructure.own_region.of(spec.name, self._answer)
        use_provider(self, infrastructure.provider)

    @property
    def layer_arn(self) -> str:
        """The ARN of the published layer version; raise SpecError for an image.

        While the first build runs in async mode there is none, and what uses it gets an error.
        """
        if self.spec.image:
            raise no_layer(self.spec)
        return self._required("layer_arn")

    @property
    def image_uri(self) -> str:
        """The image by its digest, for a function's ``image_uri``; "" for what is no image."""
        return self._required("image_uri") if self.spec.image else self._text_of("image_uri")

    @property
    def next_image(self) -> str:
        """The image by its tag that an apply leaves, which depends on no release: it is planned.

        Who names it before it is there asks :meth:`image_is_there` before it is used.
        """
        return self._planned("image_by_tag")

    def image_is_there(self) -> Precondition:
        """Refuse the use of ``next_image`` where the release is another image.

        A release takes what is there: an image that was pushed, or pinned, after the plan was made.
        """
        same = Op.eq(self._text_of("image_by_tag"), self.next_image)
        # -refresh-only approves nothing, and nothing is used then.
        return Precondition(
            condition=Op.or_(same, self._is_due()),
            error_message=not_the_planned(
                self.spec.name, self.next_image, self._text_of("image_by_tag")
            ),
        )

    @property
    def version(self) -> Any:
        """The number of the published layer version."""
        return self._number_of("version")

    @property
    def fingerprint(self) -> str:
        """The fingerprint of what was published."""
        return self._text_of("fingerprint")

    @property
    def status(self) -> str:
        """How the layer is: ``current``, ``building``, ``failed``, ``missing``, ``stale``..."""
        return self._text_of("status")

    @property
    def reason(self) -> str:
        """Why the layer is rebuilt, or why it was built last.

        Functions that are to be moved are no reason for either, nor is whom it is shared with.
        """
        only_moves = Fn.contains([*NO_BUILD], self._planned("status"))
        reasons = self._text_of("reason"), self._planned("reason")
        return Token.as_string(Fn.conditional(only_moves, *reasons))

    @property
    def unzipped_size(self) -> Any:
        """The size of the layer's files in bytes."""
        return self._number_of("unzipped_size")

    @property
    def zipped_size(self) -> Any:
        """The size of the layer's zip in bytes."""
        return self._number_of("zipped_size")

    @property
    def packages(self) -> Any:
        """How many packages are in the layer."""
        return self._number_of("packages")

    @property
    def functions(self) -> str:
        """Names the functions that were left on another version, "" when there were none."""
        return self._text_of("functions")

    def add_output(self, name: str = "") -> TerraformOutput:
        """Add one output to the stack, with all there is to know of the layer.

        It is named after the layer if it gets no other ``name``. Raise SpecError if a layer of
        another application has an output of that name.
        """
        name = name or self.spec.name
        self._infrastructure.addresses.take(
            f"output.{name}",
            self,
            f'name this one: add_output("{self._infrastructure.app.name}-{name}")',
        )
        output = TerraformOutput(
            self,
            "output",
            value={
                **self._identity(),
                "version": self.version,
                "fingerprint": self.fingerprint,
                "status": self.status,
                "reason": self.reason,
                "unzipped_size": self.unzipped_size,
                "zipped_size": self.zipped_size,
                "packages": self.packages,
                "functions": self.functions,
            },
        )
        output.override_logical_id(name)
        # cdktf 0.21 takes a precondition argument and leaves it out of the JSON.
        output.add_override(
            "precondition",
            {
                "condition": Op.or_(self._is_released(), self._is_only_looked_at()),
                "error_message": not_released(self.spec.name, self.status, self.reason),
            },
        )
        return output

    def supervise(self) -> None:
        """Make of the image one for a hybrid service; raise SpecError if it cannot be one."""
        before, self.spec = self.spec, with_supervisor(self.spec)
        if self._publisher is not None:
            self._publisher.serve(self.spec, instead_of=before)
            self._approval.lifecycle = self._conditions()  # its release is waited for
        asked = {"spec": literal(self.spec.to_json())}
        self._infrastructure.hooks.plan(self.spec.name, asked, self._program)
        self._release.query = {**(self._release.query_input or {}), **asked}

    def _named(self, element: Element) -> Element:
        # By the spec's name, so that the construct can be renamed: IAM knows the role by it too.
        return named(element, self._address)

    def _identity(self) -> dict[str, str]:
        if self.spec.image:
            return {"image_uri": self._text_of("image_uri")}
        return {"layer_arn": self._text_of("layer_arn")}

    def _image(self, retain: Flag) -> list[ITerraformDependable]:
        self._layer_name = self._infrastructure.app.repository(self.spec.name)
        where = (self, self._infrastructure, self.spec)
        return image(*where, retain=retain, address=self._address)

    def _is_released(self) -> Any:
        return Fn.contains([CURRENT, BUILDING, PINNED], self.status)

    def _is_only_looked_at(self) -> Any:
        # -refresh-only approves nothing: it shows the last release of a layer that is due, and must
        # not be refused for that.
        return Op.and_(self._is_due(), Fn.startswith(self._text_of("layer_arn"), "arn:"))

    def _is_due(self) -> Any:
        approved = Fn.try_([self._approval.content, "none"])
        return Op.neq(approved, self._planned("token"))

    def _required(self, key: str) -> str:
        """Return what functions need of the layer, or an error in its place."""
        if self._publisher is None or self.spec.supervisor:
            return self._text_of(key)  # a service's image is waited for in async mode, too
        # A plan says by the approval's precondition that there is no version yet. It cannot be an
        # error of this expression: destroy would meet it too, but passes over preconditions. In an
        # apply that has just begun the first build there is nothing else: Terraform has no
        # function that fails with a message, and of a conditional it tells the taken side's errors.
        self._approval.lifecycle = self._conditions(self._has_version())
        found, is_there = self._text_of(key), Fn.startswith(self._text_of("layer_arn"), "arn:")
        was_building = Op.eq(self._planned("status"), BUILDING)
        just_begun = Op.and_(Op.eq(self.status, BUILDING), Op.not_(was_building))
        at = self._infrastructure
        none = none_yet(at.partition, at.region, at.account, self._layer_name)
        refusal = Fn.conditional(just_begun, Fn.tobool(no_version(self.spec.name)), none)
        return Token.as_string(Fn.conditional(is_there, found, refusal))

    def _has_version(self) -> Precondition:
        is_building = Op.eq(self._planned("status"), BUILDING)
        has_none = Op.not_(Fn.startswith(self._planned("layer_arn"), "arn:"))
        return Precondition(
            condition=Op.not_(Op.and_(is_building, has_none)),
            error_message=f"{no_version(self.spec.name)}.",
        )

    def _approve(self, ready: Sequence[ITerraformDependable]) -> S3Object:
        token = self._planned("token")
        return self._named(
            S3Object(
                self,
                "approval",
                bucket=self._infrastructure.bucket_name,
                key=self._keys.approval,
                content=token,
                # The provider never reads a content back, and keeps the planned one in the state
                # even if writing it failed (terraform-plugin-sdk issue 476). So what is really
                # there shows by its ETag alone, an MD5 as long as the key is S3's own (Amazon S3
                # API reference, "Object").
                etag=Fn.md5(token),
                content_type="text/plain",
                # A changed tag must not look like an approval, and an object has room for ten.
                override_provider={"default_tags": {"tags": {}}},
                lifecycle=self._conditions(),
                depends_on=ready,
            )
        )

    def _conditions(self, *more: Precondition) -> TerraformResourceLifecycle:
        # A layer that moves to another bucket is approved anew, and one that goes is retired when
        # its approval is gone. So an approval that is there while the layer is retired says that it
        # goes on (builder/operations/retire.py). One that gets another name in Lambda keeps its
        # approval: where a resource that depends on the layer is created before it is destroyed, so
        # is the approval, whose key would be deleted last.
        return TerraformResourceLifecycle(
            precondition=[*self._can_be_built(), *more],
            replace_triggered_by=self._infrastructure.moves_of(self.spec.name),
        )

    def _can_be_built(self) -> list[Precondition]:
        is_valid = Precondition(
            condition=Op.neq(self._planned("status"), INVALID),
            error_message=f"Layer {self.spec.name} cannot be built.\n{self._planned('reason')}",
        )
        return [is_valid, size_check.fits(self.spec.name, self._plan.expression)]

    def _release_hook(self, query: Mapping[str, str], planned: str) -> DataExternal:
        return self._named(
            DataExternal(
                self,
                "release",
                program=self._infrastructure.hooks.release_program(self._is_known()),
                query={
                    **query,
                    "reason": self._planned("reason"),
                    "plan": planned,
                    # Terraform hides a hook's progress. It shows this query when, and only when, a
                    # build is due, and then this line tells people where to look.
                    "watch": f"lambda-layer watch {self.spec.name}",
                    "size": size_check.line(self._plan.expression),
                },
                # On the approval and nothing else: Terraform puts the reading off until apply if
                # one of these has a planned change, and a tag of the bucket must not do that.
                depends_on=[self._approval],
            )
        )

    def _is_known(self) -> Any:
        # What needs no build is known at plan: what is current, and what somebody pinned. What
        # cannot be built is no work for the release hook either.
        return Fn.contains([*AT_REST, INVALID], self._planned("status"))

    def _choose(self) -> TerraformLocal:
        # Of one type, which a conditional's two sides must have.
        plan, release = Fn.tomap(self._plan.expression), self._release.result
        answer = Fn.conditional(self._is_known(), plan, release)
        return self._named(TerraformLocal(self, "answer", answer))

    def _planned(self, key: str) -> str:
        return f"{Fn.lookup_nested(self._plan.expression, [key])}"

    def _text_of(self, key: str) -> str:
        return f"{Fn.lookup_nested(self._answer.expression, [key])}"

    def _number_of(self, key: str) -> Any:
        # The hooks answer in strings, and in an empty one when there is no release. one([]) is
        # null, which cdktf would leave out of the arguments.
        number = Fn.tonumber(Fn.lookup_nested(self._answer.expression, [key]))
        return Fn.try_([number, Fn.one([])])


def _text(flag: Flag) -> str:
    return flag if isinstance(flag, str) else str(flag).lower()
