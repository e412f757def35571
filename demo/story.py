"""The story: seven chapters, each of which proves what it says or fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from builder.aws.session import Credentials, Session
from builder.layer.connected import layers_at
from builder.layer.layer import Layer
from builder.release.plan import plan
from builder.report.tables import megabytes
from builder.spec.layers_toml import load_config
from demo.logs import followed
from demo.project import Project
from demo.telling import StoryBroken, Telling

EDITED_LAYER = "receipts"


@dataclass
class Story(Telling):
    """Tells the story of a project on an embedded AWS."""

    project: Project
    region: str
    layers: list[Layer] = field(default_factory=list)

    def tell(self, *, keep: bool) -> None:
        """Tell all chapters; with ``keep`` leave out the last one."""
        self.layers = self._layers()
        with self._initialized():
            self.plan_first()
            self.build()
            self.outputs(expected_version=1)
            self.prove("1.0.0")
            self.plan_again()
            self.edit()
            if not keep:
                self.destroy()

    def plan_first(self) -> None:
        """Chapter 1: the plan says which layers will be built, and why."""
        self.screen.chapter(1, "terraform plan: which layers will be built, and why")
        done = self._run("plan", "-input=false", "-out=first.tfplan")
        self._show_due()
        self._line(done.stdout, "Plan:")
        self._expect(self._builds() == 0, "planning started no build and wrote nothing")

    def build(self) -> None:
        """Chapter 2: apply builds both layers in CodeBuild."""
        self.screen.chapter(2, "terraform apply: CodeBuild builds them (its logs, as they come)")
        with followed(self.layers, self.screen):
            done = self._run("apply", "-input=false", "first.tfplan")
        self._line(done.stdout, "Apply complete!")
        self._expect(self._builds() == len(self.layers), f"{len(self.layers)} builds ran")

    def outputs(self, *, expected_version: int, only: str = "") -> None:
        """Chapter 3: what Terraform now knows of each layer."""
        if not only:
            self.screen.chapter(3, "terraform output: what is in the state now")
        rows = []
        for name, output in self._outputs().items():
            version = expected_version if name == (only or name) else 1
            ending = f":{version}"
            if not str(output["layer_arn"]).endswith(ending):
                raise StoryBroken(
                    f"layer_arn of {name} is {output['layer_arn']}", expected=f"... {ending}"
                )
            rows.append(
                (
                    output["layer_arn"],
                    output["fingerprint"][:12] + "…",
                    megabytes(output["unzipped_size"]),
                    megabytes(output["zipped_size"]),
                    str(output["packages"]),
                )
            )
        columns = ("layer_arn", "fingerprint", "unzipped", "zipped", "packages")
        self.screen.table(columns, rows)

    def prove(self, receipts_version: str) -> None:
        """Chapter 4: a function with both layers imports them."""
        if receipts_version == "1.0.0":
            self.screen.chapter(4, "the proof: a Lambda function imports the packages")
        answer = self._invoke()
        rows = [
            (package, str(found["version"]), _shorten(str(found["file"])))
            for package, found in answer["packages"].items()
        ]
        self.screen.table(("import", "version", "loaded from"), rows)
        strange = [
            name for name, found in answer["packages"].items() if not _in_layer(found["file"])
        ]
        if strange:
            raise StoryBroken(f"{', '.join(strange)} did not come from a layer")
        for line in str(answer["receipt"]).splitlines():
            self.screen.detail(line)
        version = answer["packages"][EDITED_LAYER]["version"]
        self._expect(
            version == receipts_version, f"the function runs receipts {version} from its layer"
        )

    def plan_again(self) -> None:
        """Chapter 5: nothing changed, so nothing is due."""
        self.screen.chapter(5, "terraform plan again: nothing changed")
        builds = self._builds()
        done = self._run("plan", "-input=false", "-detailed-exitcode", allowed={0})
        self._line(done.stdout, "No changes.")
        self._expect(self._builds() == builds, "no build was started")

    def edit(self) -> None:
        """Chapter 6: an edit makes one layer due, and no other."""
        self.screen.chapter(6, "edit one source file of receipts, plan, apply")
        path = self.project.edit()
        self.screen.detail(f"edited {path}")
        builds = self._builds()
        self._run("plan", "-input=false", "-detailed-exitcode", "-out=edit.tfplan", allowed={2})
        self._show_due()
        self._check_edit_plan(self.terraform.plan_json("edit.tfplan"), path)
        self._expect(self._builds() == builds, "the plan started no build")
        with followed(self.layers, self.screen):
            done = self._run("apply", "-input=false", "edit.tfplan")
        self._line(done.stdout, "Apply complete!")
        self._expect(self._builds() == builds + 1, "one build ran, the other layer was left alone")
        self.outputs(expected_version=2, only=EDITED_LAYER)
        self.prove("2.0.0")

    def destroy(self) -> None:
        """Chapter 7: everything goes."""
        self.screen.chapter(7, "terraform destroy: nothing is left")
        done = self._run("destroy", "-input=false", "-auto-approve")
        self._line(done.stdout, "Destroy complete!")
        left = [
            version.arn
            for layer in self.layers
            for version in layer.services.layers.versions(layer.site.layer_name)
        ]
        gone = not left and not self.layers[0].services.store.bucket_exists()
        self._expect(gone, "no layer version and no bucket is left")

    def _check_edit_plan(self, document: Mapping[str, Any], path: str) -> None:
        changed = {
            change["address"]: change["change"]["actions"]
            for change in document["resource_changes"]
            if change["change"]["actions"] not in (["no-op"], ["read"])
        }
        approvals = [address for address in changed if address.startswith("aws_s3_object.")]
        reason = document["output_changes"][EDITED_LAYER]["after"]["reason"]
        for address, actions in changed.items():
            self.screen.detail(f"{address}: {'/'.join(actions)}")
        self._expect(
            len(approvals) == 1 and EDITED_LAYER in approvals[0] and path in reason,
            f"one approval changes, and the reason names the file: {reason}",
        )
        others = [a for a in changed if a not in approvals and "function" not in a]
        outputs = document["output_changes"]["science"]["actions"]
        self._expect(
            not others and outputs == ["no-op"], "the other layer has no change; its ARN is known"
        )

    def _show_due(self) -> None:
        plans = [(layer.name, plan(self._fresh(layer))) for layer in self.layers]
        rows = [(name, found.status, found.reason) for name, found in plans]
        self.screen.table(("layer", "status", "reason"), rows)

    def _fresh(self, layer: Layer) -> Layer:
        # A layer remembers its fingerprint; the source may have changed since.
        return Layer(layer.spec, layer.root, layer.site, layer.services)

    def _layers(self) -> list[Layer]:
        config = load_config(self.project.folder / "layers.toml")
        session = Session(Credentials(), self.region)
        return layers_at(config.app, config.layers, self.project.folder, session)

    def _outputs(self) -> dict[str, Any]:
        outputs = self.terraform.outputs()
        return {layer.name: outputs[layer.name] for layer in self.layers}

    def _invoke(self) -> dict[str, Any]:
        function = f"{self.project.app}-proof"
        answer = boto3.Session().client("lambda").invoke(FunctionName=function)
        payload = answer["Payload"].read().decode("utf-8")
        if answer.get("FunctionError"):
            raise StoryBroken(f"function {function} failed: {payload}")
        document: dict[str, Any] = json.loads(payload)
        return document

    def _builds(self) -> int:
        pages = boto3.Session().client("codebuild").list_builds()
        return len(pages["ids"])

    def _line(self, text: str, beginning: str) -> None:
        """Show terraform's own line that begins so, or fail."""
        line = next((line for line in text.splitlines() if line.startswith(beginning)), None)
        if line is None:
            raise StoryBroken(f"terraform did not say {beginning!r}", where=text[-2000:])
        self.screen.say(f"   terraform: {line}")


def _in_layer(path: str) -> bool:
    """Whether a module's file is below a layer's python/, and not this interpreter's own."""
    return "/python/" in path and not path.startswith(sys.prefix)


def _shorten(path: str) -> str:
    """Return a path in a layer as Lambda has it: below /opt."""
    return "/opt/python/" + path.partition("/python/")[2] if _in_layer(path) else path
