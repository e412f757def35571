"""Rows of errors that commands meet in AWS: words on the command line, before and after."""

from dataclasses import dataclass

from tests.advice.rows import Elsewhere, Row, session


@dataclass(frozen=True)
class Commands:
    """An error of a command, whose advice is another command or another word.

    ``before`` are commands that make it possible, then ``met`` ends with exit code 1 and a fix that
    has the words ``advice``; ``follow`` are the commands that it names, and ``then`` works: the
    same command unless it says another. Beside commands there are ``edit`` (of the sources), and
    ``delete`` and ``put`` of an object of the bucket, whose name may have ``{fingerprint}``.
    """

    before: tuple[str, ...]
    met: str
    advice: str
    follow: tuple[str, ...] = ()
    then: str = ""


AWS = Elsewhere("only AWS's own limits or faults make it; the advice is to wait or to ask AWS")
NETWORK = Elsewhere("the way to AWS has to be down: tests/builder/aws/test_session.py")
IAM = Elsewhere("a right is taken away and given again in tests/builder/aws/test_session.py")
RACE = Elsewhere("another process has to be in the middle; running it again is the advice")
DAMAGED = Elsewhere("an artifact was changed: the tests of the module build it anew")
FAILED = Elsewhere("a build has to fail first: what is to be corrected is the build's own cause")
APPLY = Elsewhere("the advice is an apply: tests/terraform applies it with the real terraform")
FUNCTION = Elsewhere("a function has to be so: tests/builder/functions follow the advice")
SIZES = Elsewhere("a package index has to answer: tests/builder/sizes and commands/test_size.py")
BUILD = Elsewhere(
    "the sentence of a build: tests/worker meets it with real packages; the advice is to ask for "
    "other packages, to leave files out, or to build again"
)
ROOM = Elsewhere("a disk has to be full: tests/builder/test_room.py")
TASK = Elsewhere("hybrid services: tests/hybrid_service")
SERVICES = Elsewhere("a service has to run: tests/builder/commands/test_stop.py and operations")
PROGRAM = Elsewhere("for who writes a program with our constructs: tests/modules/layer")
ROLES = Elsewhere(
    "roles and tokens: tests/builder/aws/test_credentials.py, terraform/test_roles.py"
)
PERSON = Elsewhere("a person has to find out who changed what")

IMAGES = Elsewhere("registries and bases of others: tests/builder/images, commands/test_image.py")
IMAGE_LAYERS = Elsewhere("registries, images of others: tests/builder/layer, terraform/test_image")
OSV = Elsewhere("a service and files of others: tests/builder/operations/test_vulnerabilities.py")

LOCK = "web/artifacts/{fingerprint}/lock-3.12.txt"
MANIFEST = "web/artifacts/{fingerprint}/manifest.json"
REBUILT = ("build web --force",)

FILES: dict[str, dict[str, Row | Commands]] = {
    "builder/layer/releases.py": {
        "current_release": Commands((), "lock web", "lambda-layer build web", ("build web",)),
        "known_release": Commands(
            ("build web",), "lock web --release 7", "name one of these", (), "lock web --release 1"
        ),
    },
    "builder/operations/contents.py": {
        "document_of": Elsewhere("a key has to be there: tests/builder/release/test_attest.py"),
    },
    "builder/operations/lock.py": {
        "release_lock": Commands(
            ("build web",), "lock web --python 3.9", "for example --python 3.12", (),
            "lock web --python 3.12",
        ),
        "gone": Commands(("build web", f"delete {LOCK}"), "lock web", "build web --force", REBUILT),
        "another": Commands(("build web", f"put {LOCK}"), "lock web", "build web --force", REBUILT),
    },
    "builder/operations/logs.py": {
        "find_build_of": Elsewhere("needs two layers: tests/builder/operations/test_logs.py"),
        "_no_build": Commands(
            ("build web",), "logs web --build gone", "lambda-layer logs web", (), "logs web"
        ),
        "_no_build#2": Commands(
            ("build web",), "logs web --failed", "lambda-layer logs web", (), "logs web"
        ),
        "_no_build#3": Commands((), "logs web", "lambda-layer build web", ("build web",)),
    },
    "builder/operations/diff.py": {
        "_choose": Commands(
            ("build web",), "diff web", "after the next release", ("edit", "build web")
        ),
        "_manifest": Commands(
            ("build web", f"delete {MANIFEST}", "edit", "build web", "edit", "build web"),
            "diff web 1 2", "compare other versions", (), "diff web 2 3",
        ),
    },
    "builder/operations/adopt.py": {
        "adoption_of": Elsewhere("tests/builder/operations/test_adopt.py makes such layers"),
        "adoption_of#2": Elsewhere("tests/builder/operations/test_adopt.py makes such layers"),
        "_name_in": Elsewhere("tests/builder/operations/test_adopt.py gives the right ARN then"),
        "_name_in#2": Elsewhere("a layer of another account or region"),
        "_refuse_others": Elsewhere("two applications: tests/builder/operations/test_adopt.py"),
        "_refuse_released": Elsewhere("tests/builder/operations/test_adopt.py adds a layer"),
        "_refuse_released#2": Elsewhere("a build: tests/builder/operations/test_adopt.py"),
    },
    "builder/operations/explain.py": {
        "explain": Commands((), "explain pyhton", "did you mean 'python'?", (), "explain python"),
    },
    "builder/operations/rollback.py": {
        "_pinned": Elsewhere("two at once: tests/builder/operations/test_rollback.py"),
        "roll_back": Elsewhere("two at once: tests/builder/operations/test_rollback.py"),
        "_not_pinned": Commands(
            ("build web",), "unpin web", "lambda-layer status shows", (), "status web"
        ),
    },
    "builder/operations/retire.py": {
        "_refuse_images": Elsewhere("Terraform's state: tests/terraform/test_image.py"),
        "by_name": Commands(
            ("build web",), "retire Web! --yes", "name the layer as layers.toml does", (),
            "retire web --yes",
        ),
        "from_environment": APPLY,
    },
    "builder/operations/size_report.py": {"published": DAMAGED},
    "builder/operations/terraform.py": {
        "find_program": Elsewhere("programs of others: tests/builder/operations/test_terraform.py"),
        "_failed": Elsewhere("what terraform says itself: tests/terraform/test_deploy.py"),
    },
    "builder/operations/signature.py": {
        "_no_key": Elsewhere("the key of another has to be had"),
        "_loaded": Elsewhere("cryptography is installed here"),
    },
    "builder/hybrid/state.py": {"from_json": PERSON},
    "builder/operations/client.py": {
        "write_client": Elsewhere("tests/builder/commands/test_client.py: a place without rights"),
        "_write": Elsewhere("tests/builder/commands/test_client.py: a folder of others"),
    },
    "builder/inputs/supervisor.py": {"files": Elsewhere("hybrid_service is installed here")},
    "builder/operations/service_log.py": {"_empty": SERVICES},
    "builder/operations/stop.py": {"_wait": SERVICES, "_unsaved": SERVICES},
    "builder/aws/tasks.py": {"forget": AWS},
    "builder/aws/images.py": {"delete": AWS},
    "builder/layer/image_versions.py": dict.fromkeys(("publish", "download"), IMAGE_LAYERS),
    "builder/pusher/image.py": dict.fromkeys(("_check", "_push"), IMAGE_LAYERS),
    "builder/operations/verify.py": {"verify_folder": PERSON, "_manifest": DAMAGED},
    "builder/operations/wait.py": {
        "_current": Commands((), "wait web", "lambda-layer build web", ("build web",)),
        "_stage": Elsewhere("a publisher that gave up: tests/builder/operations/test_wait.py"),
        "_failed": FAILED,
        "_late": Elsewhere("a build that lasts: tests/builder/operations/test_wait.py"),
    },
    "builder/operations/watch.py": {
        "watch": Commands((), "watch web --wait 0", "lambda-layer plan web", (), "plan web"),
    },
    "builder/commands/build.py": {
        "build": Commands(
            ("build web", "edit", "build web", "rollback web 1 --yes"), "build web",
            "lambda-layer unpin web", ("unpin web --yes",),
        ),
    },
    "builder/commands/options.py": {
        "_unanswered": Commands(
            ("build web", "edit", "build web"), "rollback web 1", "add --yes", (),
            "rollback web 1 --yes",
        ),
    },
    "builder/commands/move.py": {
        "_nobody": Elsewhere("a function has to be there: tests/builder/commands/test_move.py"),
        "_nobody#2": Elsewhere("a function has to be there: tests/builder/commands/test_move.py"),
    },
    "builder/commands/deploy.py": {"_outputs": APPLY},
    "builder/commands/files.py": {
        "_not_written": Elsewhere("a file has to be there: tests/builder/commands/test_files.py"),
        "_not_written#2": Elsewhere("a closed folder: tests/builder/commands/test_files.py"),
    },
    "builder/commands/size.py": {"_check": SIZES},
    "builder/commands/try_layer.py": {"_one": SIZES},
    "builder/commands/image.py": dict.fromkeys(
        ("image", "_one", "_released", "_for_service", "_made_by_terraform"), IMAGES
    ),
    "builder/operations/image.py": {"_taken": IMAGES, "_too_large": IMAGES},
    "builder/commands/why.py": {"_check": SIZES},
    "builder/operations/audit.py": {"audit": DAMAGED, "audit#2": PERSON, "packages_of": DAMAGED},
    "builder/operations/vulnerabilities.py": {
        "ask": Elsewhere("pip-audit is installed here"),
        "_unanswered": OSV,
        "_unreadable": OSV,
    },
    "builder/report/audit.py": {"show_audit": Elsewhere("packages of others have to be changed")},
    "builder/report/verify.py": {"show_proof": PERSON},
    "builder/layer/record.py": {
        "from_json": Commands(
            ("build web", "put web/record.json"), "build web", "delete the object",
            ("delete web/record.json",),
        ),
        "_newer": Elsewhere("a newer version has to be there: tests/builder/layer/test_record.py"),
    },
    "builder/layer/records.py": {
        "change_dated": RACE, "retired": RACE, "_require_own": PERSON,
        "_of_another_kind": Elsewhere("a registry: tests/builder/commands/test_retire.py"),
    },
    "builder/release/living.py": {
        "living_release": Commands(
            ("build web", "edit", "build web"), "rollback web 7 --yes", "name one of these", (),
            "rollback web 1 --yes",
        ),
    },
    "builder/release/publish.py": {
        "_shared": Elsewhere("two applications: tests/builder/release/test_publish_names.py"),
        "_verify": DAMAGED,
        "_take_lease": RACE,
    },
    "builder/release/share.py": {
        "name_current": Elsewhere("tests/builder/release/test_share.py deletes the parameter"),
    },
    "builder/release/release.py": {"_require_bucket": APPLY, "_overtaken": RACE},
    "builder/hook.py": {"_refuse_outdated": APPLY, "_no_roles": APPLY},
    "builder/operations/publisher_zip.py": {"upload": APPLY},
    "builder/query.py": {"_bad_query": APPLY, "as_who": ROLES},
    "builder/aws/credentials.py": {"parse": ROLES, "_read_token": ROLES, "_seconds": ROLES},
    "builder/publisher/function.py": {"_too_early": RACE, "from_environment": APPLY},
    "builder/publisher/stored_layer.py": {"stored_layer": PERSON, "files": RACE},
    "builder/aws/codebuild.py": {
        "start": APPLY,
        "_not_now": AWS,
        "_not_now#2": AWS,
        "_compute_refused": Elsewhere("builds in AWS: tests/builder/builds/test_compute.py"),
    },
    "builder/aws/layers.py": {"download": NETWORK, "download#2": NETWORK, "_no_answer": AWS},
    "builder/aws/session.py": {
        "__init__": session(
            {"AWS_PROFILE": "work"}, {"AWS_PROFILE": "work"}, "then set the profile, or add it"
        ),
        "__init__#2": session(
            {}, {"AWS_REGION": "eu-west-1"}, "for example: export AWS_REGION=eu-west-1"
        ),
        "partition": session(
            {"AWS_REGION": "mars-north-1"}, {"AWS_REGION": "eu-west-1"},
            "correct it where it is set",
        ),
        "require": Elsewhere("two accounts: tests/builder/aws/test_session.py"),
        "_trouble": NETWORK,
        "_unreachable": NETWORK,
        "explained": NETWORK,
        "explained#2": NETWORK,
        "explained#3": NETWORK,
        "_explain": IAM,
        "_explain#2": AWS,
    },
    "builder/aws/store.py": {
        "_read": PERSON, "_read#2": NETWORK, "download": DAMAGED, "delete_all": IAM,
    },
    "builder/builds/artifact.py": {"parse_manifest": DAMAGED, "_contradiction": DAMAGED},
    "builder/builds/failure.py": {"_unknown": AWS},
    "builder/builds/obtain.py": {"_together": FAILED, "_made": DAMAGED, "_verified": DAMAGED},
    "builder/builds/part.py": {"find_part": DAMAGED},
    "builder/builds/push.py": dict.fromkeys(("_refuse_taken", "_nothing_left"), IMAGE_LAYERS),
    "builder/builds/start.py": {"_bundled": RACE},
    "builder/builds/wait.py": {"_endless": AWS},
    "builder/functions/compatibility.py": dict.fromkeys(
        ("refuse", "refuse#2", "refuse_region", "_refuse_image", "_refuse_target"), FUNCTION
    ),
    "builder/functions/move.py": {"check": FUNCTION},
    "builder/functions/mover.py": dict.fromkeys(
        ("_absent", "_refuse_failed", "_move", "_ended", "_settled"), FUNCTION
    ),
    "builder/sizes/asked.py": dict.fromkeys(
        ("asked", "_ad_hoc", "_ad_hoc#2", "_ad_hoc#3", "_check"), SIZES
    ),
    "builder/room.py": {"working_folder": ROOM},
    "builder/user_cache.py": {"folder": SIZES},
    "builder/sizes/local_worker.py": {"as_layer_errors": SIZES},
    "builder/sizes/skeleton.py": {"_lay": SIZES},
    "builder/sizes/wheels_only.py": {"_needs_a_build": SIZES},
    "builder/sizes/trial.py": {"_refused": SIZES, "_refused#2": SIZES, "_leave": SIZES},
    "builder/commands/synthesis.py": {
        "synthesis": Elsewhere("a machine that stands still: tests/builder/commands/test_synth.py"),
    },
    "builder/commands/wanted_roles.py": {
        "wanted_roles": Elsewhere("what synth refuses: tests/builder/commands/test_roles.py"),
    },
    "fast_lambda_layer/synth.py": {
        "check_cdktf": Elsewhere("a machine without the extra or Node.js: tests/test_wheel.py"),
    },
}  # fmt: skip

ROOMS: dict[str, Row] = {
    "builder/images/": IMAGES,
    "builder/worker/": BUILD,
    "hybrid_service/": TASK,
    "modules/": PROGRAM,
}
"""Rooms whose errors are not met here, and why: a row for each of them would say the same."""
