//! What `quietus status` says of a fleet.

use serde_json::{Value, json};

use crate::harness::{ERASE, Fleet, StandIn, wait_for};

/// What is said of each process, in words.
fn lines(fleet: &Fleet) -> Vec<Vec<String>> {
    let output = fleet.deployment.run(&["status"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let rows = text.lines().skip_while(|line| !line.contains("PROCESS")).skip(1);
    let machine = machine();
    let rows = rows.filter(|line| line.contains(&machine));
    rows.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// This machine's name.
fn machine() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a machine has a name").trim().to_owned()
}

#[test]
fn status_shows_each_process_what_it_holds_and_which_is_lost() {
    let standin = StandIn::start();
    let mut fleet = Fleet::start(&standin, ERASE, 2, &[("LOG__LEVEL", "info")]);
    let before = jiff::Timestamp::now();
    let numbers: Vec<_> = (0..2)
        .map(|member| {
            let process = fleet.process(member).expect("it is on the list");
            assert_eq!(process["version"], env!("CARGO_PKG_VERSION"));
            assert_eq!(process["place"], format!("{}/{}", machine(), fleet.members[member].id()));
            let since: jiff::Timestamp = process["since"].as_str().and_then(|at| at.parse().ok()).expect("a time");
            assert!(since <= before && before.duration_since(since).as_secs() < 60, "{process}");
            assert_eq!((&process["lost"], &process["holds"]), (&json!(false), &json!({})));
            process["number"].as_i64().expect("a number")
        })
        .collect();
    assert_eq!(fleet.processes().len(), 2);
    for (line, number) in lines(&fleet).iter().zip(&numbers) {
        assert_eq!(line[0], number.to_string());
        let process = fleet.processes().into_iter().find(|process| process["number"] == *number).expect("it is there");
        assert_eq!(process["place"], line[1]);
        assert_eq!(line[2], env!("CARGO_PKG_VERSION"));
        let since = process["since"].as_str().expect("a time");
        assert_eq!(since[..19], line[3][..19], "to the second");
        assert_eq!(line[4..], ["works", "nothing"]);
    }

    // One holds work: its call does not come back. It is the one that looks at the settled session, since nobody looks for
    // an event that no rule listens to.
    standin.fault(&json!({ "kind": "timeout", "path": "/Sessions/1", "times": 1, "delay_ms": 4000 }));
    standin.begin(1, "guest1@example.com", None);
    assert_eq!(fleet.members[0].server().deliver_end(1), 204);
    let holds = |member: usize| fleet.process(member).map(|process| process["holds"] == json!({ "settle:acme": 1 }));
    let holder = wait_for("one to hold it", || (0..2).find(|member| holds(*member) == Some(true)));
    let line = lines(&fleet)[holder].clone();
    assert_eq!(line[4..], ["works", "settle:acme:", "1"]);

    // It is gone without a word; a moment later it counts as lost.
    fleet.members[holder].server.take().expect("it runs").kill();
    let silence = "UPDATE process SET seen = seen - 30000 WHERE number =";
    fleet.database.sql(&format!("{silence} {}", numbers[holder]));
    let of = |number: i64| fleet.processes().into_iter().find(|process| process["number"] == number);
    let lost: Value = of(numbers[holder]).expect("it stays on the list");
    assert_eq!(lost["lost"], json!(true));
    assert!(lost["silent_s"].as_u64().is_some_and(|silent| silent >= 30), "{lost}");
    let line = lines(&fleet)[holder].clone();
    assert_eq!(line[4..6], ["silent", "for"], "{line:?}");
    assert_eq!(of(numbers[1 - holder]).map(|process| process["lost"].clone()), Some(json!(false)));

    // A process that stops in order takes itself off the list, and the other one's work is done before.
    fleet.wait_for_receipts(1);
    fleet.stop();
    let left: Vec<_> = fleet.processes().iter().map(|process| process["number"].as_i64()).collect();
    assert_eq!(left, [Some(numbers[holder])]);
}
