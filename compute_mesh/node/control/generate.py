"""Makes node_pb2.py and node_pb2.pyi from node.proto. Run it after a change of the proto."""

import sys
from importlib.resources import files
from pathlib import Path


def main() -> int:
    """The exit code of the compiler."""
    from grpc_tools import protoc

    here = Path(__file__).parent
    include = str(files("grpc_tools").joinpath("_proto"))
    # Named from the root of the tree, so that the generated module knows its own package.
    root = here.parents[2]
    code: int = protoc.main(
        [
            "protoc", f"-I{root}", f"-I{include}", f"--python_out={root}", f"--pyi_out={root}",
            str(here / "node.proto"),
        ]
    )  # fmt: skip
    return code


if __name__ == "__main__":
    sys.exit(main())
