"""A plugin for quietus: deletes {folder}/{guest_id}.json."""

import os
import re

from quietus_plugin import NeedsOperator, Plugin, absent, erased, residual, run

PLAIN = re.compile(r"[A-Za-z0-9_-]{1,200}")


class Folder(Plugin):
    manifest = {
        "name": "folder-python",
        "version": "1.0.0",
        "identifiers": {"required": ["guest_id"]},
        "writes_from": ["/folder"],
        "config_schema": {"required": ["folder"], "properties": {"folder": {"type": "string", "minLength": 1}}},
    }
    dry_runs = True

    def __init__(self, config, secrets):
        self.folder = os.path.join(config["folder"], "")

    def erase(self, request, call):
        files = self.find_files(request)
        if request.dry_run or not files:
            return self.verify(request, call)
        for file in files:
            call.check()
            os.unlink(self.folder + file)
        call.log("info", f"deleted {len(files)} files")
        return erased(files=len(files))

    def verify(self, request, _call):
        files = self.find_files(request)
        return residual(files=len(files)) if files else absent()

    def health(self, _request, _call):
        if not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
            raise NeedsOperator("the folder is not there, or may not be changed")

    def find_files(self, request):
        """Other ids than plain ones cannot name a file here. Where nobody can look, nothing is absent."""
        self.health(None, None)
        return {i + ".json" for i in filter(PLAIN.fullmatch, request.values("guest_id"))} & {*os.listdir(self.folder)}


if __name__ == "__main__":
    run(Folder)
