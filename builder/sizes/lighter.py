"""Lighter distributions of the same project: a table of data, each row with its source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lighter:
    """A distribution to take in another's place; ``requirement`` is empty where it is an index."""

    name: str
    requirement: str
    what: str
    source: str


TABLE = (
    Lighter(
        "opencv-python",
        "opencv-python-headless",
        "without windows and Qt, which Lambda has no screen for",
        'opencv-python\'s README, "Installation and Usage": packages for server environments',
    ),
    Lighter(
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
        "without windows and Qt, which Lambda has no screen for",
        'opencv-python\'s README, "Installation and Usage": packages for server environments',
    ),
    Lighter(
        "chromadb",
        "chromadb-client",
        "the client of a Chroma server, without the embedded database and its models",
        'Chroma\'s documentation, "Python Thin-Client"',
    ),
    Lighter(
        "torch",
        "",
        "PyTorch's own index of CPU builds, without the CUDA libraries: Lambda has no GPU",
        'pytorch.org, "Start locally", compute platform CPU',
    ),
    Lighter(
        "tensorflow",
        "tensorflow-cpu",
        "without what serves GPUs; for x86_64",
        'TensorFlow\'s documentation, "Install TensorFlow with pip"',
    ),
    Lighter(
        "onnxruntime-gpu",
        "onnxruntime",
        "without CUDA: Lambda has no GPU",
        'ONNX Runtime\'s documentation, "Install ONNX Runtime"',
    ),
    Lighter(
        "xgboost",
        "xgboost-cpu",
        "without CUDA and NCCL: Lambda has no GPU",
        'XGBoost\'s documentation, "Installation Guide", minimal installation',
    ),
    Lighter(
        "mlflow",
        "mlflow-skinny",
        "tracking and models without the server, SQL storage and data science packages",
        "MLflow's README of mlflow-skinny",
    ),
    Lighter(
        "prefect",
        "prefect-client",
        "the client without the server and its command line",
        'Prefect\'s documentation, "Install the Prefect client library"',
    ),
    Lighter(
        "pyspark",
        "pyspark-client",
        "the Python client of Spark Connect, without Spark's own JARs",
        'Apache Spark\'s documentation, "Spark Connect", the Python-only client',
    ),
    Lighter(
        "psycopg2",
        "psycopg2-binary",
        "a wheel in place of a compilation that needs libpq",
        'psycopg2\'s documentation, "Installation"',
    ),
    Lighter(
        "psycopg-c",
        "psycopg-binary",
        "a wheel in place of a compilation that needs libpq",
        'psycopg\'s documentation, "Binary installation"',
    ),
)


def lighter(name: str) -> Lighter | None:
    """Return what is known to be lighter than a distribution."""
    return next((row for row in TABLE if row.name == name), None)
