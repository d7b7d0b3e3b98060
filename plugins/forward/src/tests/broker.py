"""A Kafka broker with SASL, as far as a producer needs one: librdkafka's own cluster for tests has no logins.

The protocol is Kafka's (https://kafka.apache.org/protocol.html), the login RFC 5802 and RFC 7677, of the standard library only. It
prints its port, and for each line of its input what was done. `wrong` in a password's place makes a signature that is not the
server's: a client that does not check it talks to anybody.
"""

import base64, hashlib, hmac, json, os, socketserver, struct, sys, threading

USERS = {"quietus": "guest", "reader": "guest", "impostor": "guest"}
ITERATIONS = 4096
produced = []
logins = []


def scram(name, password, salt, first_bare, server_first, final_bare):
    """The client's proof and the server's signature."""
    digest = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}[name]
    of = lambda key, text: hmac.new(key, text, digest).digest()
    salted = hashlib.pbkdf2_hmac(digest, password.encode(), salt, ITERATIONS)
    key = of(salted, b"Client Key")
    message = b",".join([first_bare, server_first, final_bare])
    signature = of(hashlib.new(digest, key).digest(), message)
    proof = bytes(a ^ b for a, b in zip(key, signature))
    return base64.b64encode(proof), base64.b64encode(of(of(salted, b"Server Key"), message))


# RFC 7677, section 3.
assert scram(
    "SCRAM-SHA-256", "pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="),
    b"n=user,r=rOprNGfwEbeRWgbNEkqO",
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
) == (b"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, kind):
        return struct.unpack(">" + kind, self.take(struct.calcsize(">" + kind)))[0]

    def text(self):
        length = self.number("h")
        return self.take(length).decode() if length >= 0 else None

    def bytes(self):
        return self.take(self.number("i"))


class Broker(socketserver.StreamRequestHandler):
    user = None

    def handle(self):
        while size := self.rfile.read(4):
            request = Reader(self.rfile.read(struct.unpack(">i", size)[0]))
            key, version, correlation = request.number("h"), request.number("h"), request.number("i")
            request.text()
            answer = self.answer(key, version, request)
            if answer is None:
                return
            self.wfile.write(struct.pack(">ii", len(answer) + 4, correlation) + answer)

    def answer(self, key, version, request):
        if key == 18:
            known = [(0, 3), (3, 1), (17, 1), (18, 0), (36, 0)]
            if version > 0:
                return struct.pack(">hi", 35, 0)
            return struct.pack(">hi", 0, len(known)) + b"".join(struct.pack(">hhh", k, v, v) for k, v in known)
        if key == 17:
            self.mechanism, self.state = request.text(), None
            error = 0 if self.mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512") else 33
            names = ["SCRAM-SHA-256", "SCRAM-SHA-512"]
            return struct.pack(">hi", error, len(names)) + b"".join(map(text, names))
        if key == 36:
            error, said = self.login(request.bytes())
            return struct.pack(">hh", error, -1) + struct.pack(">i", len(said)) + said
        if self.user is None:
            return None
        return self.metadata() if key == 3 else self.produce(request)

    def login(self, said):
        if self.state is None:
            bare = said.split(b",", 2)[2]
            fields = dict(part.split(b"=", 1) for part in bare.split(b","))
            salt, nonce = os.urandom(16), fields[b"r"] + base64.b64encode(os.urandom(12))
            first = b"r=%s,s=%s,i=%d" % (nonce, base64.b64encode(salt), ITERATIONS)
            self.state = (fields[b"n"].decode(), salt, bare, first)
            return 0, first
        name, salt, bare, first = self.state
        final, proof = said.rsplit(b",p=", 1)
        expected, signature = scram(self.mechanism, USERS.get(name, ""), salt, bare, first, final)
        if name not in USERS or not hmac.compare_digest(proof, expected):
            return 58, b""
        self.user = name
        logins.append([self.mechanism, name])
        return 0, b"v=" + (base64.b64encode(b"somebody else") if name == "impostor" else signature)

    def metadata(self):
        broker = struct.pack(">ii", 1, 1) + text("127.0.0.1") + struct.pack(">ih", port, -1)
        topic = struct.pack(">ih", 1, 0) + text("erasures") + struct.pack(">?", False)
        return broker + struct.pack(">i", 1) + topic + struct.pack(">ihiiiiii", 1, 0, 0, 1, 1, 1, 1, 1)

    def produce(self, request):
        request.text()
        request.number("h"), request.number("i"), request.number("i")
        topic = request.text()
        request.number("i")
        partition = request.number("i")
        error = 29 if self.user == "reader" else 0
        if not error:
            produced.append([self.user, topic, len(request.bytes())])
        answer = struct.pack(">i", 1) + text(topic)
        return answer + struct.pack(">iihqq", 1, partition, error, 0, -1) + struct.pack(">i", 0)


socketserver.ThreadingTCPServer.daemon_threads = True
server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Broker)
port = server.server_address[1]
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"127.0.0.1:{port}", flush=True)
for _ in sys.stdin:
    print(json.dumps({"logins": logins, "produced": produced}), flush=True)
