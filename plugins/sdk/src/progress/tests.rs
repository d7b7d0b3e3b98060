use super::*;
use crate::{Answer, Manifest, Plugin, Request, Secrets, TestHost};

const MOST: usize = ResumeValue::BYTES_MAX;

/// A text of any length, all of which must be stored.
#[derive(Clone, Debug, Default, PartialEq)]
struct Text(Vec<u8>);

impl Own for Text {
    fn to_bytes(&self, _: usize) -> Vec<u8> {
        self.0.clone()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        (!bytes.starts_with(b"unreadable")).then(|| Self(bytes.to_vec()))
    }
}

/// Bytes of which as many are stored as fit.
#[derive(Default)]
struct Filling(Vec<u8>);

impl Own for Filling {
    fn to_bytes(&self, most: usize) -> Vec<u8> {
        self.0[..self.0.len().min(most)].to_vec()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.to_vec()))
    }
}

fn again<T: Own>(progress: &mut Progress<T>) -> Progress<T> {
    Progress::of_bytes(&progress.fitting()).expect("it reads what it has written")
}

#[test]
fn what_is_stored_is_read_again() {
    let mut progress = Progress { own: Text(b"owed".into()), ..Progress::default() };
    progress.done("contacts", &[7, 8, u64::MAX]);
    progress.unsure("notes", &[9]);
    let mut again = again(&mut progress);
    assert_eq!(again.fitting(), progress.fitting());
    assert_eq!((again.counts(), &again.own), (progress.counts(), &progress.own));
    again.settle();
    assert_eq!(again.counts(), [("contacts".to_owned(), 3), ("notes".to_owned(), 1)].into());
}

#[test]
fn a_value_that_cannot_be_read_is_as_none() {
    let mut progress = Progress { own: Text(b"owed".into()), ..Progress::default() };
    progress.done("contacts", &[7]);
    let bytes = progress.fitting();
    for length in 0..bytes.len() - b"owed".len() {
        assert!(Progress::<Text>::of_bytes(&bytes[..length]).is_none(), "{length}");
    }
    assert!(Progress::<()>::of_bytes(&bytes).is_none(), "another plugin's own part");
    let longest = [&[1, 1, 1, b'c'][..], &[0xff; 9], &[1], &[0xff; 9], &[1], &[7; 100]].concat();
    for foreign in
        [&b""[..], b"\x02\x00", b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x01\x01\x01\xff", &longest]
    {
        assert!(Progress::<Text>::of_bytes(foreign).is_none(), "{foreign:?}");
    }
    progress.own = Text(b"unreadable".into());
    assert!(Progress::<Text>::of_bytes(&progress.fitting()).is_none());
}

#[test]
fn too_many_marks_become_a_number_the_oldest_first() {
    const ALL: u64 = 20_000;
    let mut progress = Progress::<()>::default();
    progress.done("notes", &[1, 2, 3]);
    for mark in 0..ALL {
        progress.done("messages", &[mark]);
    }
    progress.unsure("messages", &[ALL, ALL + 1]);
    let bytes = progress.fitting();
    assert!(bytes.len() <= MOST && bytes.len() > MOST - 8, "{}", bytes.len());
    let mut again = again(&mut progress);
    assert_eq!(again.counts(), [("messages".to_owned(), ALL), ("notes".to_owned(), 3)].into());
    assert!(again.is_done("notes", 1) && again.is_done("messages", ALL - 1) && !again.is_done("messages", 0));
    again.done("messages", &[ALL - 1]);
    again.settle();
    assert_eq!(again.counts()["messages"], ALL + 2);
    // One whose mark is forgotten was not done after all; of others it is known whether they were.
    again.undone("messages", &[0]);
    assert_eq!(again.counts()["messages"], ALL + 1);
    again.unsure("messages", &[ALL + 2]);
    again.undone("messages", &[ALL + 2, ALL - 1]);
    assert_eq!(again.counts()["messages"], ALL);
}

#[test]
fn marks_that_just_fit_are_all_kept() {
    // The version, the number of names, a name of one letter, no more, and two lengths.
    let just = (MOST - (1 + 1 + 2 + 1 + 2 + 1)) as u64 / 8;
    for (marks, are_kept) in [(just, true), (just + 1, false)] {
        let mut progress = Progress::<()>::default();
        progress.done("m", &(0..marks).collect::<Vec<_>>());
        let again = again(&mut progress);
        assert_eq!((again.is_done("m", 0), again.counts()["m"]), (are_kept, marks));
    }
}

#[test]
fn the_plugins_own_part_and_the_marks_leave_each_other_half() {
    let mut progress = Progress { own: Filling(vec![7; 100_000]), ..Progress::default() };
    assert_eq!(again(&mut progress).own.0.len(), MOST - 2);
    progress.done("messages", &(0..20_000).collect::<Vec<_>>());
    let bytes = progress.fitting();
    assert!(bytes.len() <= MOST && bytes.len() > MOST - 8, "{}", bytes.len());
    assert_eq!(again(&mut progress).own.0.len(), MOST / 2);
    assert_eq!(again(&mut progress).counts()["messages"], 20_000);
}

#[test]
fn what_nobody_knows_of_is_forgotten_last() {
    let mut progress = Progress::<()>::default();
    progress.unsure("m", &(0..10_000).collect::<Vec<_>>());
    progress.done("m", &[20_000]);
    assert!(progress.fitting().len() <= MOST);
    progress.settle();
    let counted = progress.counts()["m"];
    assert!((8_000..10_000).contains(&counted), "{counted}");
}

#[test]
fn what_was_announced_is_unsure_until_something_is_known() {
    let mut progress = Progress::<()>::default();
    progress.unsure("m", &[1]);
    progress.announce("m", &[1, 2, 3, 4, 5]);
    progress.done("m", &[2]);
    progress.unsure("m", &[3]);
    progress.not_begun("m", &[1, 2, 3, 4]);
    let mut killed = again(&mut progress);
    killed.settle();
    assert_eq!(killed.counts()["m"], 4, "all but 4");
    killed.undone("m", &[5]);
    assert_eq!(killed.counts()["m"], 3);
}

/// Stores something before the act, and after it what the request's name says.
struct Storing;

impl Plugin for Storing {
    type Config = ();

    fn manifest() -> Manifest {
        Manifest::new("storing", "1").requires("name").resumes()
    }

    fn configure((): (), _: Secrets) -> Result<Self, PluginError> {
        Ok(Self)
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let mut progress = Progress::<Text>::of(call);
        match request.values("name").next() {
            Some("nothing") => progress.store(call)?,
            Some("large") => progress.own = Text(vec![7; MOST]),
            Some("once") => {
                let begun = progress.begin(call, "notes", &[7]);
                if let Err(error) = begun {
                    progress.settle();
                    assert!(progress.counts().is_empty(), "it was not begun");
                    return Err(error);
                }
                progress.done("notes", &[7]);
            }
            _ => {}
        }
        progress.store(call)?;
        progress.store(call)?;
        Ok(Answer::erased().count("notes", progress.counts().values().sum()))
    }
}

#[test]
fn it_is_stored_when_something_has_changed() {
    let host = TestHost::<Storing>::new(()).expect("configured").stores_at_most(2);
    host.erase([("name", "nothing")]).expect("nothing is stored");
    assert_eq!(host.stored("k-test"), None);
    assert_eq!(host.erase([("name", "once")]), Ok(Answer::erased().count("notes", 1)));
    let host = host.restarted().expect("configured");
    assert_eq!(host.erase([("name", "once")]), Ok(Answer::erased().count("notes", 1)), "it is stored already");
    let refused = host.erase(Request { idempotency_key: "k-2".into(), ..[("name", "once")].into() });
    assert!(refused.is_err(), "a third one");
}

#[test]
fn an_own_part_that_does_not_fit_is_an_error() {
    let host = TestHost::<Storing>::new(()).expect("configured");
    let refused = host.erase([("name", "large")]).expect_err("too large");
    assert!(refused.message.contains("a checkpoint of"), "{refused}");
}
