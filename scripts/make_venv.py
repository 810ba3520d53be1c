"""Makes a virtual environment with the packages of a requirements file: make_venv.py FOLDER REQUIREMENTS

Several processes may ask for the same folder: one makes it, the others wait for it.
"""

import fcntl
import os
import shutil
import subprocess
import sys

folder, requirements = sys.argv[1:]
python = os.path.join(folder, "bin", "python")
complete = os.path.join(folder, "complete")


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.strip()


def make():
    shutil.rmtree(folder, ignore_errors=True)
    installer = [python, "-m", "pip"]
    status, _ = run(sys.executable, "-m", "venv", folder)
    if status:
        # Debian keeps ensurepip in a package of its own; the pip outside can install into the environment.
        shutil.rmtree(folder, ignore_errors=True)
        status, output = run(sys.executable, "-m", "venv", "--without-pip", folder)
        if status:
            return output
        installer = [sys.executable, "-m", "pip", "--python", python]
    status, output = run(*installer, "install", "--quiet", "--disable-pip-version-check", "-r", requirements)
    if status:
        return output
    open(complete, "w").close()


os.makedirs(os.path.dirname(folder), exist_ok=True)
with open(folder + ".lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    problem = None if os.path.exists(complete) else make()
if problem:
    sys.exit(problem.splitlines()[-1])
