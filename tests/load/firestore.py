"""A Firestore emulator for a measurement: Google's where the Cloud SDK has it, else the one from npm. Used by webhooks.py."""

import os
import pathlib
import socket
import subprocess
import time

JARS = ["/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
        "/usr/share/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
        "/opt/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"]
NODE = "import('@firestore-emulator/server').then(async ({FirestoreServer}) => { const s = new FirestoreServer(); await s.start(Number(process.argv[1])); })"
FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "tools" / "firestore"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(port):
    """Starts one; whoever started it ends it."""
    jar = next((jar for jar in [os.environ.get("REGULARS_FIRESTORE_JAR"), *JARS] if jar and os.path.exists(jar)), None)
    command = (["java", "-Xmx2g", "-cp", jar, "com.google.cloud.datastore.emulator.firestore.CloudFirestore", "start", "--host=127.0.0.1", f"--port={port}"] if jar
               else ["node", "-e", NODE, str(port)])
    child = subprocess.Popen(command, cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return child
        except OSError:
            time.sleep(0.1)
    child.kill()
    raise RuntimeError("the Firestore emulator does not answer; `make setup` installs one")
