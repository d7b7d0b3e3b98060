use super::*;
use crate::keys::Secret;
use crate::request::Came;
use crate::subject::Kind;

fn read(text: &str) -> Result<Vec<Result<String, String>>, Failure> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("requests.csv");
    std::fs::write(&path, text).expect("written");
    let mut reader = open(&path)?;
    let columns = columns(&mut reader, false)?;
    let asked = Asked {
        installation: None,
        number: None,
        came: Came::Letter,
        received: None,
        verified: None,
        targets: Vec::new(),
        identifiers: Vec::new(),
        anyway: false,
    };
    let mut all = Vec::new();
    for (line, record) in (FIRST_LINE..).zip(reader.byte_records()) {
        let record = record.map_err(|error| wrong_csv(Path::new("requests.csv"), line, &error))?;
        let shown = |asked: Asked| {
            let of = |(kind, value): &(Kind, Secret)| format!("{kind}={}", value.expose());
            let person: Vec<_> = asked.identifiers.iter().map(of).collect();
            format!("{line} {} {:?} {}", asked.came, asked.received.map(|day| day.to_string()), person.join(" "))
        };
        all.push(columns.asked(&record, &asked).map(shown).map_err(|wrong| wrong.to_string()));
    }
    Ok(all)
}

#[test]
fn a_spreadsheet_of_either_sort_is_read() {
    let read_ok = |text| read(text).map(|all| all.into_iter().map(|one| one.expect("a request")).collect::<Vec<_>>());
    let czech = "\u{feff}Name;email;came;received\r\n\"Novák; Jan\";jan@example.cz;email;2026-11-03\r\n;eva@example.cz;letter;\r\n";
    let expected =
        ["2 email Some(\"2026-11-03\") name=Novák; Jan email=jan@example.cz", "3 letter None email=eva@example.cz"];
    assert_eq!(read_ok(czech).expect("reads"), expected);
    let copied = "Came\tName\nletter\tNovák, Jan\n";
    assert_eq!(
        read_ok(copied).expect("reads"),
        ["2 letter None name=Novák, Jan"],
        "as it is copied from a spreadsheet"
    );
    // A line break within a cell: lines are counted as a spreadsheet counts them.
    let english = "came,name,customer\nphone,\"Ann\nNovak\",7\nform,Bob,\n";
    let expected = ["2 phone None name=Ann\nNovak customer=7", "3 form None name=Bob"];
    assert_eq!(read_ok(english).expect("reads"), expected);
}

#[test]
fn what_is_wrong_is_told_without_what_stands_there() {
    let all =
        read("came,name,received,number\nJan Novak,x,,\nletter,x,Novak,\nletter,x,,Jan Novak\nletter,Jan,Novak\n")
            .expect("reads");
    for one in all {
        let wrong = one.expect_err("wrong");
        assert!(!wrong.contains("Novak"), "{wrong}");
    }
    for bad in ["came,guest_id\nletter,4711\n", "came\nletter\n", "name\nJan Novak\n"] {
        let Err(Failure::Usage(why)) = read(bad) else { panic!("{bad}") };
        assert!(!why.contains("Novak") && !why.contains("4711"), "{why}");
    }
}

#[test]
fn what_an_earlier_run_has_entered_is_not_entered_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("results.csv");
    assert!(entered_before(&path).expect("none").is_empty());
    // The last lines were cut off by crashes.
    let text = "line,request,digest,error\n2,R-1,aa,\"\"\n3,,bb,\"it is wrong\"\n4,acme/R-2,cc,\"\"\n\n2,R-4,dd,\"\"\n6,R-5,e\n\n5,R-3";
    std::fs::write(&path, text).expect("written");
    let digests = |all: &[&str]| all.iter().map(|digest| (*digest).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(entered_before(&path).expect("read"), [(2, digests(&["aa", "dd"])), (4, digests(&["cc"]))].into());
}

#[test]
fn results_that_do_not_say_what_stood_in_a_line_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("results.csv");
    std::fs::write(&path, "line,request,error\n2,R-1,\"\"\n").expect("written");
    let Err(Failure::Usage(why)) = entered_before(&path) else { panic!("it is read") };
    assert!(why.contains("--results"), "{why}");
}
