"""A plugin for quietus: deletes {folder}/{guest_id}.json."""

import os
import re

from quietus_plugin import NeedsOperator, Plugin, Retryable, absent, erased, residual, run


class Folder(Plugin):
    manifest = {
        "name": "folder-python",
        "version": "1.0.0",
        "identifiers": {"required": ["guest_id"]},
        "writes_from": ["/folder"],
        "max_concurrency": 4,
        "config_schema": {
            "type": "object",
            "required": ["folder"],
            "additionalProperties": False,
            "properties": {"folder": {"type": "string", "minLength": 1}},
        },
    }
    dry_runs = True

    def __init__(self, config, secrets):
        folder = config.get("folder")
        if not isinstance(folder, str) or not folder or "\0" in folder:
            raise NeedsOperator("config.folder is not a path")
        self.folder = folder

    def erase(self, request, call):
        if request.dry_run:
            return self.verify(request, call)
        files = self.each(request, call, os.unlink)
        if not files:
            return absent()
        call.log("info", f"deleted {files} files")
        return erased(files=files)

    def verify(self, request, call):
        files = self.each(request, call, os.lstat)
        return residual(files=files) if files else absent()

    def health(self, _request, _call):
        """Where nobody can look, nothing is absent: that would be signed, for a folder whose name has a typo."""
        if not os.path.isdir(self.folder) or not os.access(self.folder, os.W_OK | os.X_OK):
            raise NeedsOperator("the folder is not there, or may not be changed")

    def each(self, request, call, act):
        """Acts on the files that are there, and counts them. Other ids than plain ones cannot name a file here."""
        self.health(request, call)
        files = 0
        for guest_id in filter(re.compile(r"[A-Za-z0-9_-]{1,200}").fullmatch, request.values("guest_id")):
            call.check()
            try:
                act(os.path.join(self.folder, guest_id + ".json"))
                files += 1
            except FileNotFoundError:
                pass
            except OSError as e:  # Its text holds the path.
                raise Retryable(f"cannot {act.__name__}: {os.strerror(e.errno)}") from None
        return files


if __name__ == "__main__":
    run(Folder)
