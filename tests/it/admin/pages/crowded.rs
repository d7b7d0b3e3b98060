//! The pages over a ledger as large as after years. `QUIETUS_SESSIONS` and `QUIETUS_ERASURES` make it as large as one likes (tests/long); only
//! there a time is asserted.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{ADMIN, Browser, Page, done, user};
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

const SESSIONS: i64 = 2_000;
const ERASURES: i64 = 1_000;

/// Open requests: many more than a page looks at.
const REQUESTS: usize = 600;

/// The longest that a page may take, and how often each is asked for.
const LONGEST: Duration = Duration::from_millis(200);
const LOOKS: usize = 10;

fn size(variable: &str, small: i64) -> i64 {
    std::env::var(variable).map_or(small, |number| number.parse().expect("a number"))
}

/// The id of an erasure that was filled in, in hexadecimal.
fn filled(number: i64) -> String {
    hex::encode(format!("{number:016}"))
}

/// Sessions and erasures of other people, in the likeness of one of each.
fn fill(deployment: &Deployment, sessions: i64, erasures: i64) {
    const NUMBERS: &str =
        "WITH RECURSIVE number(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM number WHERE i < 999 + ?1)";
    const SESSION: &str = "
        INSERT INTO session (installation, session, version, guest, read_at, concluded, recording_ready, record, forms_seen, idle_since)
          SELECT one.installation, i, one.version, randomblob(16), one.read_at, TRUE, FALSE, one.record, x'', one.idle_since
          FROM number, (SELECT * FROM session WHERE session = 101) AS one";
    const FINGERPRINT: &str = "
        INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary)
          SELECT other.fingerprint, one.installation, other.i, one.version, one.kind, one.supplementary
          FROM (SELECT randomblob(32) AS fingerprint, i FROM number ORDER BY 1) AS other,
               (SELECT * FROM fingerprint WHERE session = 101 AND kind = 'email' LIMIT 1) AS one";
    // One that has ended, and as many that wait for their time.
    const ERASURE: &str = "
        INSERT INTO erasure (id, installation, subject, subject_key, merge_key, selection, rules, targets, demands, state, created, due_rule,
                             due, begun, ended, sessions, findings, verdict, index_key)
          SELECT CAST(printf('%016d', i) AS BLOB), one.installation, one.subject, one.subject_key, printf('filled %d', i), one.selection,
                 one.rules, one.targets, one.demands, iif(i % 2, 'scheduled', one.state), one.created, one.due_rule,
                 iif(i % 2, 4102444800000, one.due), iif(i % 2, NULL, one.begun), iif(i % 2, NULL, one.ended), one.sessions,
                 iif(i % 2, NULL, one.findings), iif(i % 2, NULL, one.verdict), one.index_key
          FROM number, (SELECT * FROM erasure WHERE ended IS NOT NULL LIMIT 1) AS one";
    const STEP: &str = "
        INSERT INTO step (erasure, target, called, stage, outcome, counts, evidence, erased_at, verified_at)
          SELECT CAST(printf('%016d', i) AS BLOB), one.target, one.called, iif(i % 2, 'erase', one.stage), iif(i % 2, NULL, one.outcome),
                 one.counts, one.evidence, iif(i % 2, NULL, one.erased_at), iif(i % 2, NULL, one.verified_at)
          FROM number, (SELECT step.* FROM step, erasure WHERE erasure.id = step.erasure AND ended IS NOT NULL LIMIT 1) AS one";
    let ledger = deployment.ledger();
    for (insert, count) in [(SESSION, sessions), (FINGERPRINT, sessions), (ERASURE, erasures), (STEP, erasures)] {
        let filled = ledger.execute(&format!("{NUMBERS}{insert}"), [count]).expect("filled");
        assert_eq!(i64::try_from(filled).expect("a number"), count, "{insert}");
    }
    // As the server does it from time to time.
    ledger.execute_batch("ANALYZE").expect("analyzed");
}

#[test]
fn each_page_is_quick_over_a_large_ledger() {
    let (sessions, erasures) = (size("QUIETUS_SESSIONS", SESSIONS), size("QUIETUS_ERASURES", ERASURES));
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{ADMIN}"));
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer", "approver"], &[]);
    user(&deployment, "petr", "Petr", &["operator"], &[]);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", Some("v1"));
    standin.just_end(101);
    standin.begin(102, "bob@example.com", None);
    standin.just_end(102);
    receipts(&deployment, 1);
    let settled = "SELECT count(*) FROM session WHERE session = 101 AND read_at IS NOT NULL AND settle_at IS NULL";
    wait_for("the session that stays", || (deployment.count(settled) == 1).then_some(()));
    assert!(server.stop().0.success());
    fill(&deployment, sessions, erasures);

    let server = Server::start(&deployment);
    let (olga, petr) = (Browser::signed_in(&server, "olga"), Browser::signed_in(&server, "petr"));
    // As the list itself leads there: of the first company, after one that was due then.
    let middle = format!("/erasures?show=done&from=0~0-{}", filled(1000 + erasures / 2));
    let one = format!("/erasures/e-{}", filled(1000));
    let officer = ["/", "/requests", "/requests?show=ended", "/requests/acme/2026%2F1", "/requests/new", "/holds"];
    let erasure = ["/erasures", "/erasures?show=scheduled", &*middle, &*one, "/receipts", "/receipts/1", "/tasks"];
    // What none of them has is looked for in vain.
    let rare =
        ["/erasures?rule=nothing", "/erasures?target=nowhere", "/erasures?rule=nothing&target=mluvii&company=acme"];
    let operator = ["/", "/targets", "/audit", "/accounts", "/erasures?show=parked"];
    // Where nothing is open, it is asked whether anything has ever come.
    let mut measured = vec![taken("officer / without a request", || olga.get("/"))];
    let mut csv = "number,email,came,verified\n".to_owned();
    for person in 0..REQUESTS {
        writeln!(csv, "2026/{person},person{person}@example.com,letter,document").expect("written");
    }
    deployment.write("letters.csv", &csv);
    let letters = deployment.path("letters.csv");
    done(&deployment.run(&["requests", "new", "--csv", letters.to_str().expect("UTF-8")]));
    for path in officer.into_iter().chain(erasure).chain(rare) {
        measured.push(taken(&format!("officer {path}"), || olga.get(path)));
    }
    for path in operator {
        measured.push(taken(&format!("operator {path}"), || petr.get(path)));
    }
    measured.push(taken("officer, a person", || olga.post("/people", &[("email", "ann@example.com")])));
    measured.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
    let mut report = format!("{sessions} sessions, {erasures} erasures, {REQUESTS} open requests:");
    for (what, took) in &measured {
        write!(report, "\n{took:>9.1?}  {what}").expect("written");
    }
    show(&report);
    let (slowest, took) = &measured[0];
    // The suite asserts no time: there the ledger is small, and the machine is busy.
    assert!(std::env::var_os("QUIETUS_ERASURES").is_none() || *took < LONGEST, "{slowest}: {took:.1?}");
}

/// How long a page takes, as far as nine of ten times go.
fn taken(what: &str, ask: impl Fn() -> Page) -> (String, Duration) {
    let mut times: Vec<_> = (0..LOOKS)
        .map(|_| {
            let began = Instant::now();
            let page = ask();
            let took = began.elapsed();
            assert_eq!(page.status, 200, "{what}: {}", page.text);
            took
        })
        .collect();
    times.sort_unstable();
    (what.to_owned(), times[LOOKS * 9 / 10 - 1])
}

#[expect(clippy::print_stderr, reason = "what was measured is what a run in tests/long is for")]
fn show(what: &str) {
    eprintln!("{what}");
}
