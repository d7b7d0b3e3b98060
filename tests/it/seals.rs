//! What an old copy of the ledger still says, with the keys of today: nothing of what is over. The copy is opened here without
//! quietus, by what docs/keys.md says of the format.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as SEALED;
use chacha20poly1305::aead::{Aead, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Deployment, ERASE, Fleet, PASSWORD, Server, StandIn, client, http, receipts, wait_for};

const EMAIL: &str = "ann@example.com";

/// A key file: 64 hex digits.
fn secret(path: &Path) -> Option<Vec<u8>> {
    hex::decode(std::fs::read_to_string(path).ok()?.trim()).ok()
}

/// The key of a generation, from the folders of the keys and of the generations.
fn generation(keys: &Path, seals: &Path, id: &[u8]) -> Option<Vec<u8>> {
    let secret = secret(&seals.join(format!("{}.key", hex::encode(id))))?;
    let root = self::secret(&keys.join("seal.key"))?;
    let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&root).expect("a key");
    Some(mac.chain_update(b"quietus seal generation: ").chain_update(secret).finalize().into_bytes().to_vec())
}

/// What is sealed, as which record's part.
fn opened(key: &[u8], sealed: &[u8], purpose: &str, record: &[&[u8]]) -> Option<Vec<u8>> {
    let mut aad = Vec::new();
    for part in [&[purpose.as_bytes()], record].concat() {
        aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
        aad.extend_from_slice(part);
    }
    let (nonce, text) = sealed.split_first_chunk::<24>()?;
    let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: &aad }).ok()
}

/// All that opens in a copy of the ledger: capsules, quarantine, and forms that wait for their decision.
fn read(ledger: &Path, keys: &Path, seals: &Path) -> Vec<String> {
    let under = |sealed: &[u8], purpose: &str, record: &[&[u8]]| {
        let (id, rest) = sealed.split_first_chunk::<8>()?;
        opened(&generation(keys, seals, id)?, rest, purpose, record)
    };
    let copy = Connection::open(ledger).expect("a copy");
    let mut read = Vec::new();
    let mut capsules = copy.prepare("SELECT erasure, wrapped_key, content FROM capsule").expect("a ledger");
    let mut rows = capsules.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let [erasure, wrapped, content] = [0, 1, 2].map(|column| row.get::<_, Vec<u8>>(column).expect("bytes"));
        let key = under(&wrapped, "capsule key", &[&erasure]);
        read.extend(key.and_then(|key| opened(&key, &content, "capsule", &[&erasure])));
    }
    let mut quarantine = copy
        .prepare("SELECT source.name, sealed FROM quarantine JOIN source ON source.id = quarantine.source")
        .expect("a ledger");
    let mut rows = quarantine.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let (source, sealed): (String, Vec<u8>) = (row.get(0).expect("a name"), row.get(1).expect("bytes"));
        read.extend(under(&sealed, "quarantine", &[source.as_bytes()]));
    }
    let mut events = copy
        .prepare("SELECT events FROM inbox UNION ALL SELECT event FROM task WHERE event IS NOT NULL")
        .expect("a ledger");
    let mut rows = events.query([]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let lines: Vec<u8> = row.get(0).expect("bytes");
        // Each behind its checksum.
        for line in lines.split(|byte| *byte == b'\n').filter(|line| line.len() > 8) {
            let event: Value = serde_json::from_slice(&line[8..]).expect("an event");
            read.extend(form(&event).and_then(|(sealed, record)| {
                under(&sealed, "form", &record.iter().map(Vec::as_slice).collect::<Vec<_>>())
            }));
        }
    }
    read.into_iter().map(|plain| String::from_utf8_lossy(&plain).into_owned()).collect()
}

/// An event's sealed form, and the parts of the record that it is sealed as.
fn form(event: &Value) -> Option<(Vec<u8>, [Vec<u8>; 5])> {
    let sealed = SEALED.decode(event["form"].as_str()?).expect("base64");
    let time: jiff::Timestamp = event["time"].as_str().expect("a time").parse().expect("a time");
    let text = |key: &str| event[key].as_str().expect("a name").as_bytes().to_vec();
    // A form that was submitted is the second of the kinds.
    let [session, kind, time] = [event["session"].as_i64().expect("an id"), 2, time.as_millisecond()]
        .map(|number| number.to_be_bytes().to_vec());
    Some((sealed, [text("source"), text("installation"), session, kind, time]))
}

/// The ids of the generations whose keys are there.
fn generations(deployment: &Deployment) -> BTreeSet<String> {
    generations_in(&deployment.path("quietus.seals"))
}

fn generations_in(folder: &Path) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder).expect("a folder");
    let name =
        |file: std::io::Result<std::fs::DirEntry>| file.expect("a file").file_name().into_string().expect("UTF-8");
    files.map(|file| name(file).trim_end_matches(".key").to_owned()).collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.is_file() {
            all.push(std::fs::read(path).expect("a file"));
        }
    }
    all
}

fn ask(deployment: &Deployment) -> String {
    deployment.write("whom", EMAIL);
    let whom = format!("@{}", deployment.path("whom").display());
    let asked = deployment.json(&["erase", "--email", &whom, "--after", "2d", "--targets", "mluvii"]);
    std::fs::remove_file(deployment.path("whom")).expect("removed");
    asked["id"].as_str().expect("an id").to_owned()
}

fn says(deployment: &Deployment, arguments: &[&str], exit: i32) -> String {
    let output = deployment.run(arguments);
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {said}");
    said
}

#[test]
fn an_old_copy_of_the_ledger_opens_no_more_once_the_erasure_is_over() {
    let standin = StandIn::start();
    let form = "[[rule]]\nname = \"asked\"\non = \"form-submitted\"\nwhen = \"form.params['who'] == 'me' && form.submitted\"\n\
                erase = \"session\"\ntargets = [\"mluvii\"]\n";
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{form}"));
    let server = Server::start(&deployment);
    standin.begin(1, EMAIL, Some("v1"));
    standin.just_end(1);
    assert_eq!(server.deliver_end(1), 204);
    deployment.settled(1);
    let id = ask(&deployment);
    let unreadable = client().post(server.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD));
    assert_eq!(http(unreadable.body("bob@example.com")).0, 202);

    // A form waits for its decision, as mluvii is not there.
    standin.begin(2, "dan@example.com", Some("v1"));
    standin.fault(&json!({ "kind": "status", "status": 503, "path": "/Sessions" }));
    standin.register(&server.callback());
    standin.submit(2, 4711, &json!({ "who": "carol@example.com" }));
    standin.wait_for_deliveries();

    // During the erasure, everything is copied.
    let (old, [keys, seals]) = (deployment.path("old.db"), ["keys", "quietus.seals"].map(|name| deployment.path(name)));
    says(&deployment, &["ledger", "backup", "--to", old.to_str().expect("UTF-8")], 0);
    let then = read(&old, &keys, &seals);
    assert!(then.iter().any(|plain| plain.contains(EMAIL)), "this test would find it: {then:?}");
    assert!(then.iter().any(|plain| plain.ends_with("bob@example.com")), "{then:?}");
    assert!(then.iter().any(|plain| plain.contains("carol@example.com")), "{then:?}");
    // Neither the keys alone, nor the generations alone, open anything.
    let nothing = deployment.path("nothing");
    std::fs::create_dir(&nothing).expect("made");
    assert!(read(&old, &nothing, &seals).is_empty() && read(&old, &keys, &nothing).is_empty());
    let [before] = <[String; 1]>::try_from(generations(&deployment).into_iter().collect::<Vec<_>>()).expect("one");
    let stolen = std::fs::read_to_string(seals.join(format!("{before}.key"))).expect("a secret");

    standin.clear_faults();
    wait_for("the form to be decided on", || {
        (deployment.count("SELECT count(*) FROM task WHERE event IS NOT NULL") == 0).then_some(())
    });
    says(&deployment, &["erasures", "retry", &id], 0);
    receipts(&deployment, 1);
    let rotated = deployment.json(&["keys", "rotate", "seal"]);
    assert_eq!(rotated["from"], json!(before));
    wait_for("the old key to be destroyed", || (!generations(&deployment).contains(&before)).then_some(()));
    assert_eq!(read(&old, &keys, &seals), [] as [String; 0], "with all keys of today");
    for bytes in files(deployment.folder()) {
        assert!(!bytes.windows(64).any(|part| part == &stolen.as_bytes()[..64]), "the secret is nowhere");
    }
    // What is not over is sealed anew, and readable today.
    let list = deployment.json(&["quarantine", "list"]);
    let shown = says(&deployment, &["quarantine", "show", &list[0]["id"].to_string(), "--reveal"], 0);
    assert!(shown.contains("bob@example.com"), "{shown}");
    server.leaves_work("a delivery in quarantine waits for a person");
    assert!(server.stop().0.success());

    // Restored, it goes on without what was destroyed: nobody is erased by it, and a person is told.
    // None of its own keys is left: whether they are only away, a person says.
    let refused = says(&deployment, &["ledger", "restore", "--from", old.to_str().expect("UTF-8"), "--yes"], 3);
    assert!(refused.contains("--seals-gone"), "{refused}");
    let restore = ["ledger", "restore", "--seals-gone", "--from", old.to_str().expect("UTF-8")];
    let planned = says(&deployment, &restore, 1);
    assert!(planned.contains(&before), "{planned}");
    let restored = deployment.json(&[&restore[..], &["--yes"]].concat());
    assert_eq!(restored["seals_gone"], json!([before]), "{restored}");
    let acts = deployment.json(&["audit", "list", "--act", "ledger.restore"]);
    assert!(acts.to_string().contains(&format!("\"seal_keys_gone\":\"{before}\"")), "{acts}");
    let server = Server::start(&deployment);
    server.leaves_work("what it is about cannot be opened");
    says(&deployment, &["erasures", "retry", &id], 0);
    wait_for("a person to be told", || {
        let all = deployment.json(&["attention", "list"]);
        all.as_array()?.iter().any(|one| one["code"] == "records_damaged" && one["severity"] == "urgent").then_some(())
    });
    assert_eq!(deployment.json(&["ledger", "check"])["findings"], json!([]));
}

#[test]
fn a_missing_seal_key_stops_the_start_until_it_is_back_and_servers_go_on_while_another_one_follows() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    let id = ask(&deployment);
    let rotated = deployment.json(&["keys", "rotate", "seal"]);
    let [from, to] = ["from", "to"].map(|name| rotated[name].as_str().expect("an id").to_owned());
    assert_eq!(generations(&deployment), [from.clone(), to].into(), "the first is needed until the erasure is over");
    let acts = deployment.json(&["audit", "list", "--act", "keys.rotate"]);
    assert_eq!(acts[0]["entry"]["details"], json!({ "key": "seal", "from": rotated["from"], "to": rotated["to"] }));
    // The server was not stopped, and takes what has to be sealed.
    let unreadable = client().post(server.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD));
    assert_eq!(http(unreadable.body("not JSON")).0, 202);
    server.leaves_work("it is not due for two days");
    server.stop();

    let key = deployment.path("quietus.seals").join(format!("{from}.key"));
    std::fs::rename(&key, deployment.path("aside")).expect("moved");
    let said = says(&deployment, &["serve"], 3);
    assert!(said.contains(&key.display().to_string()) && said.contains("Put it back"), "{said}");
    let findings = deployment.json(&["ledger", "check"])["findings"].clone();
    let is_told = |found: &Value| found["code"] == "keys" && found["what"].to_string().contains(&from);
    assert!(findings.as_array().expect("findings").iter().any(is_told), "{findings}");
    std::fs::rename(deployment.path("aside"), &key).expect("moved back");
    let server = Server::start(&deployment);
    server.leaves_work("a delivery in quarantine waits for a person");
    // Made due; its capsule is under the first key.
    says(&deployment, &["erasures", "retry", &id], 0);
    assert_eq!(receipts(&deployment, 1)[0]["statement"]["erasure"], json!(id));
}

#[test]
fn a_fleet_goes_on_while_seal_keys_follow_one_another_and_a_row_from_before_opens_no_more() {
    let standin = StandIn::start();
    let fleet = Fleet::start(&standin, ERASE, 2, &[]);
    let deployment = &fleet.deployment;
    let (keys, seals) = (deployment.path("keys"), deployment.path("state.seals"));
    let id = ask(deployment);
    // As it stays in a page that nobody has vacuumed, in the log, and in every backup.
    let row = fleet.database.sql("SELECT encode(erasure || wrapped_key, 'hex') FROM capsule");
    let row = hex::decode(row.trim()).expect("bytes");
    let (erasure, wrapped) = row.split_at(16);
    let (seal, rest) = wrapped.split_first_chunk::<8>().expect("an id");
    let opens = || generation(&keys, &seals, seal).and_then(|key| opened(&key, rest, "capsule key", &[erasure]));
    assert!(opens().is_some(), "this test would open it");

    for (round, member) in [0, 1, 0, 1].into_iter().enumerate() {
        deployment.json(&["keys", "rotate", "seal"]);
        let request = client().post(fleet.members[member].server().url("/webhooks/acme"));
        let request = request.basic_auth("mluvii", Some(PASSWORD));
        assert_eq!(http(request.body(format!("unreadable {round}"))).0, 202);
    }
    assert!(opens().is_some(), "it is needed until the erasure is over");
    says(deployment, &["erasures", "retry", &id], 0);
    fleet.wait_for_receipts(1);
    deployment.json(&["keys", "rotate", "seal"]);
    wait_for("the old key to be destroyed", || opens().is_none().then_some(()));
    wait_for("all but one to be destroyed", || (generations_in(&seals).len() == 1).then_some(()));
    let list = deployment.json(&["quarantine", "list"]);
    for item in list.as_array().expect("a list") {
        let shown = says(deployment, &["quarantine", "show", &item["id"].to_string(), "--reveal"], 0);
        assert!(shown.contains("unreadable "), "{shown}");
    }
    assert_eq!(list.as_array().map(Vec::len), Some(4));
    for member in &fleet.members {
        member.server().leaves_work("deliveries in quarantine wait for a person");
    }
}
