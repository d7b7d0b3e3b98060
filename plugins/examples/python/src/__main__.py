"""A plugin for quietus: deletes {folder}/{guest_id}.json."""

import os

from quietus_plugin import NeedsOperator, Plugin, absent, erased, residual, run


class Folder(Plugin):
    manifest = {
        "name": "folder-python",
        "version": "1.0.0",
        "identifiers": {"required": ["guest_id"]},
        "writes_from": ["/folder"],
        "config_schema": {"required": ["folder"], "properties": {"folder": {"type": "string", "minLength": 1}}},
    }

    def __init__(self, config, secrets):
        self.folder = os.path.join(config["folder"], "")

    def health(self, request, call):
        if not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
            raise NeedsOperator("the folder is not there, or may not be changed")

    def find_files(self, request):  # Of what is in the folder: whatever a stranger has typed leads nowhere else.
        self.health(None, None)  # Where nobody can look, nothing is absent.
        return {*os.listdir(self.folder)} & {f"{guest_id}.json" for guest_id in request.values("guest_id")}

    def erase(self, request, call):
        files = self.find_files(request)
        for file in files:
            call.check()  # Raises when the host no longer wants the answer.
            os.unlink(self.folder + file)
        return erased(files=len(files)) if files else absent()

    def verify(self, request, call):
        files = self.find_files(request)
        return residual(files=len(files)) if files else absent()

    dry_run = verify  # What would go is what is there.


run(Folder)
