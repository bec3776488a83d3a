"""The packages of the wheel, which has one at the top: `qingyun`. All else: pyproject.toml."""

from setuptools import find_packages, setup

# Folders of files that commands read; host/common/project.py finds them.
BESIDE = ("firmware", "boards", "registry")

setup(
    package_dir={"qingyun": "host"} | {f"qingyun.project.{name}": name for name in BESIDE},
    packages=[
        "qingyun",
        *(f"qingyun.{name}" for name in find_packages("host")),
        *(f"qingyun.project.{name}" for name in BESIDE),
    ],
)
