"""Starts the plugin as a process and speaks the protocol with it: python3 -m unittest"""

import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

PLUGIN = pathlib.Path(__file__).with_name("src")
sys.path.insert(0, str(PLUGIN))

import quietus_plugin  # noqa: E402


def about(*ids, **more):
    identifiers = [{"kind": "guest_id", "value": i} for i in ids]
    return {"erasure": "e", "idempotency_key": "k", "scope": "guest", "identifiers": identifiers, **more}


def frame(message):
    body = json.dumps(message).encode()
    return struct.pack(">I", len(body)) + body


class PluginTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, "-B", PLUGIN], stdin=pipe, stdout=pipe, stderr=pipe)
        limit = threading.Timer(30, self.process.kill)
        limit.start()
        self.addCleanup(limit.cancel)
        self.addCleanup(self.process.communicate)
        self.manifest = self.ask({"type": "hello", "protocol": 1})["manifest"]
        ready = self.ask({"type": "configure", "config": {"folder": folder.name}, "secrets": {}})
        self.assertEqual(ready, {"type": "ready"})

    def say(self, message):
        self.process.stdin.write(frame(message))
        self.process.stdin.flush()

    def hear(self):
        (length,) = struct.unpack(">I", self.process.stdout.read(4))
        return json.loads(self.process.stdout.read(length))

    def ask(self, message):
        self.say(message)
        return self.hear()

    def call(self, kind, request, timeout_ms=10_000):
        """Makes one call; gives its result or its error's class."""
        answer = self.ask({"type": kind, "id": 1, "timeout_ms": timeout_ms, "request": request, "new": [1]})
        while answer["type"] == "log":
            self.assertNotIn("g-", answer["text"])
            answer = self.hear()
        self.assertEqual(answer["id"], 1)
        return answer["result"] if answer["type"] == "result" else answer["error"]["class"]

    def put(self, *names):
        for name in names:
            (self.folder / f"{name}.json").write_text("{}")

    def left(self):
        return sorted(path.stem for path in self.folder.iterdir())

    def test_what_is_there_is_counted_erased_and_looked_for_again(self):
        self.put("g-7", "g_8", "other")
        two = {"files": 2}
        self.assertEqual(self.call("erase", about("g-7", "g_8", dry_run=True)), {"outcome": "residual", "counts": two})
        self.assertEqual(self.call("verify", about("g-7", "g_8")), {"outcome": "residual", "counts": two})
        self.assertEqual(self.call("erase", about("g-7", "g_8", "none")), {"outcome": "erased", "counts": two})
        self.assertEqual(self.left(), ["other"])
        self.assertEqual(self.call("erase", about("g-7")), {"outcome": "absent"})
        self.assertEqual(self.call("verify", about("g-7")), {"outcome": "absent"})
        self.assertEqual(self.call("health", None), {})

    def test_whatever_a_stranger_types_stays_in_the_folder(self):
        self.put("other")
        hostile = about("../" + self.folder.name + "/other", "", "other\0", "other\n", "žluť", "x" * 300)
        self.assertEqual(self.call("erase", hostile), {"outcome": "absent"})
        self.assertEqual(self.left(), ["other"])

    def test_a_plugin_without_dry_runs_erases_nothing_in_one(self):
        said = []

        class Erasing(quietus_plugin.Plugin):
            def erase(self, _request, _call):
                return quietus_plugin.erased(files=1)

        class Session(quietus_plugin.Session):
            def say(self, message):
                said.append(message)

        ask = [{"type": "hello"}, {"type": "configure", "config": {}}]
        ask += [{"type": "erase", "id": 1, "timeout_ms": 9_000, "request": {"dry_run": True}}, {"type": "shutdown"}]
        Session(Erasing, io.BytesIO(b"".join(map(frame, ask))), None).run()
        self.assertEqual(said[0]["manifest"]["operations"], ["erase"])
        self.assertEqual(said[-1]["error"]["class"], "permanent")

    def test_a_plugin_that_tells_whom_its_system_holds_does_so_by_pages(self):
        said = []

        class Sweeping(quietus_plugin.Plugin):
            def sweep(self, request, _call):
                if request.cursor is None:
                    people = [quietus_plugin.record(email=["ann@x.cz", " "], created_ms=7), quietus_plugin.record(name=None)]
                    return quietus_plugin.swept(people, next=b"page 2")
                return quietus_plugin.swept([], not_looked_at=[request.cursor.decode()])

        class Session(quietus_plugin.Session):
            def say(self, message):
                said.append(message)

        ask = [{"type": "hello"}, {"type": "configure", "config": {}}]
        for request in ({}, {"cursor": "cGFnZSAy"}):
            ask.append({"type": "sweep", "id": len(ask), "timeout_ms": 9_000, "request": request})
        Session(Sweeping, io.BytesIO(b"".join(map(frame, [*ask, {"type": "shutdown"}]))), None).run()
        self.assertEqual(said[0]["manifest"]["operations"], ["sweep"])
        pages = {message["id"]: message["result"] for message in said if message["type"] == "result"}
        ann = {"identifiers": [{"kind": "email", "value": "ann@x.cz"}], "created_ms": 7}
        first = {"records": [ann, {"identifiers": []}], "not_looked_at": [], "next": "cGFnZSAy"}
        self.assertEqual(pages, {2: first, 3: {"records": [], "not_looked_at": ["page 2"]}})

    def test_a_call_whose_time_is_over_deletes_nothing(self):
        self.put("g-7")
        self.assertEqual(self.call("erase", about("g-7"), timeout_ms=0), "cancelled")
        self.assertEqual(self.left(), ["g-7"])

    def test_a_cancelled_call_is_answered_once(self):
        self.say({"type": "erase", "id": 5, "timeout_ms": 10_000, "request": about(*(f"g{n}" for n in range(20_000)))})
        self.say({"type": "cancel", "id": 5})
        self.say({"type": "cancel", "id": 6})
        answer = self.hear()
        self.assertEqual(answer["id"], 5)
        self.assertIn(answer.get("error", {}).get("class"), ["cancelled", None])
        self.assertEqual(self.call("health", None), {})

    def test_what_it_does_not_know_is_unsupported(self):
        self.assertNotIn("find", self.manifest["operations"])
        answer = self.ask({"type": "find", "id": 8, "request": about("g-7")})
        self.assertEqual(answer, {"type": "unsupported", "id": 8, "what": "find"})
        answer = self.ask({"type": "dance", "id": 9})
        self.assertEqual(answer, {"type": "unsupported", "id": 9, "what": "dance"})
        self.assertEqual(self.call("erase", {"new": 1}), "permanent")

    def test_a_folder_that_is_not_there_needs_an_operator(self):
        self.assertEqual(self.call("health", None), {})
        self.folder.rmdir()
        for kind in ("erase", "verify", "health"):
            self.assertEqual(self.call(kind, about("g-7")), "needs_operator")
        self.assertEqual(self.call("erase", about("g-7", dry_run=True)), "needs_operator")
        self.folder.mkdir()

    def test_what_the_system_refuses_is_tried_again_and_tells_no_path(self):
        (self.folder / "g-7.json").mkdir()
        self.say({"type": "erase", "id": 1, "timeout_ms": 10_000, "request": about("g-7")})
        error = self.hear()["error"]
        self.assertEqual(error["class"], "retryable")
        self.assertNotIn("g-7", error["message"])

    def test_a_wrong_configuration_is_refused(self):
        answer = self.ask({"type": "configure", "config": {"folder": 7}, "secrets": {}})
        self.assertEqual(answer["error"]["class"], "needs_operator")

    def test_shutdown_waits_for_every_answer(self):
        waited_for = []

        class Healthy(quietus_plugin.Plugin):
            def health(self, _request, _call):
                pass

        class Session(quietus_plugin.Session):
            def say(self, message):
                thread, _ = self.calls[message["id"]]
                waited_for.append(thread is threading.current_thread() and not thread.daemon)

        calls = b"".join(frame({"type": "health", "id": n, "timeout_ms": 10_000}) for n in range(50))
        Session(Healthy, io.BytesIO(calls + frame({"type": "shutdown"})), None).run()
        self.assertEqual(waited_for, [True] * 50)

    def test_a_checkpoint_waits_until_it_is_stored_and_comes_back(self):
        said = []

        class Resuming(quietus_plugin.Plugin):
            resumes = True

            def erase(self, request, call):
                return quietus_plugin.erased(stored=int(call.checkpoint(b"so far")), seen=len(request.resume or b""))

        class Session(quietus_plugin.Session):
            def say(self, message):
                said.append(message)
                if message["type"] == "resume":
                    _, call = self.calls[message["id"]]
                    threading.Thread(target=call.answered, args=(message["id"] < 3,)).start()

        hello = [{"type": "hello", "features": ["resume"]}, {"type": "configure", "config": {}}]
        calls = [{"type": "erase", "id": n, "timeout_ms": 9_000, "request": {"resume": "AAEC"}} for n in (1, 2, 3)]
        Session(Resuming, io.BytesIO(b"".join(map(frame, hello + calls + [{"type": "shutdown"}]))), None).run()
        ended = {message["id"]: message for message in said if message["type"] in ("result", "error")}
        self.assertEqual([ended[n]["result"]["counts"] for n in (1, 2)], [{"stored": 1, "seen": 3}] * 2)
        self.assertEqual(ended[3]["error"]["class"], "retryable")
        self.assertEqual(said[0]["manifest"]["operations"], ["erase", "resume"])

    def test_calls_under_way_are_answered_before_it_ends(self):
        for call_id in range(4):
            self.say({"type": "verify", "id": call_id, "timeout_ms": 10_000, "request": about(*(f"g{n}" for n in range(5_000)))})
        self.say({"type": "shutdown"})
        self.assertEqual(sorted(self.hear()["id"] for _ in range(4)), [0, 1, 2, 3])
        self.assertEqual((self.process.stdout.read(), self.process.stderr.read(), self.process.wait()), (b"", b"", 0))

    def test_with_its_input_it_ends_at_once(self):
        self.say({"type": "verify", "id": 1, "timeout_ms": 10_000, "request": about(*(f"g{n}" for n in range(20_000)))})
        _, said = self.process.communicate()
        self.assertEqual((said, self.process.returncode), (b"", 0))

    def test_it_ends_after_shutdown_and_with_its_input_and_is_silent(self):
        self.say({"type": "shutdown"})
        self.assertEqual(self.process.communicate(), (b"", b""))
        self.assertEqual(self.process.returncode, 0)
        self.doCleanups()
        self.setUp()
        self.assertEqual(self.process.communicate(), (b"", b""))


if __name__ == "__main__":
    unittest.main()
