use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::audit::Actor;
use crate::erasure::{ErasureId, NewErasure, ToSeal};
use crate::external::ExternalCommand;
use crate::ledger::contract::due_erasure;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Admin as _, ProcessInfo, Queue as _, Records as _};
use crate::subject::Whom;

/// A ledger, its keys, and the folder of the generations.
struct Bench {
    folder: TempDir,
    ledger: Arc<SqliteLedger>,
    keys: Keys,
    store: SealStore,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("keys");
        Keys::create(&dir).expect("made");
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("opens");
        let store = SealStore::folder(folder.path().join("ledger.seals"));
        Self { ledger, keys: Keys::load(&dir).expect("load"), store, folder }
    }

    fn seals(&self) -> Seals<'_> {
        Seals { ledger: &*self.ledger, keys: &self.keys, store: &self.store }
    }

    fn sql(&self, sql: &str) {
        let beside = Connection::open(self.folder.path().join("ledger.db")).expect("opens");
        beside.execute(sql, []).expect("changed");
    }

    /// Something that is sealed: a demand.
    async fn ask(&self, seal: &SealKey) -> ErasureId {
        let whom = Whom { searched: true, ..Whom::default() };
        let demand = NewErasure { capsule: ToSeal::of(whom, seal), ..due_erasure(1, &["mluvii"]) };
        self.ledger.request(demand, &Actor::cli("ann")).await.expect("requested")
    }

    async fn end(&self, id: ErasureId) {
        assert!(self.ledger.cancel_erasure(id, &Actor::cli("ann")).await.expect("cancelled"));
    }

    async fn tend(&self, seal: &SealKey) -> Tended {
        self.seals().tend(seal, None).await.expect("looked")
    }

    async fn known(&self) -> usize {
        self.ledger.seal_generations().await.expect("listed").len()
    }

    fn kept(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("ledger.seals")).map_or(0, Iterator::count)
    }
}

#[tokio::test]
async fn each_day_another_key_seals_and_one_that_nothing_needs_is_destroyed() {
    let bench = Bench::new();
    let seal = bench.seals().open().await.expect("the first one is made");
    let first = seal.id();
    assert_eq!(bench.seals().open().await.expect("it is there").id(), first);
    let id = bench.ask(&seal).await;
    assert_eq!(bench.tend(&seal).await, Tended::default(), "it is not a day old");

    bench.sql("UPDATE seal_generation SET made = made - 86400000");
    let tended = bench.tend(&seal).await;
    assert_eq!(tended.made.expect("it is a day old").from, first);
    assert_eq!((tended.destroyed, seal.id() != first, bench.kept()), (vec![], true, 2));
    bench.end(id).await;
    assert_eq!(bench.tend(&seal).await.destroyed, [first]);
    assert_eq!((bench.known().await, bench.kept()), (1, 1));

    // A clock that is put back is no reason to seal under one key for longer, and neither is one that stands still.
    bench.sql("UPDATE seal_generation SET made = made + 864000000");
    assert!(bench.tend(&seal).await.made.is_some());
    let held = |id: &KeyId| Some(Held { id: id.clone(), time: SEALS_FOR.unsigned_abs() });
    let present = seal.id();
    assert!(bench.seals().tend(&seal, held(&present)).await.expect("looked").made.is_some());
    // It was measured of another one: of a fleet, each would make one.
    assert_eq!(bench.seals().tend(&seal, held(&present)).await.expect("looked").made, None);
    assert_eq!((bench.known().await, bench.kept()), (1, 1));
}

#[tokio::test]
async fn a_process_that_dies_between_any_two_steps_loses_nothing_and_leaves_nothing() {
    let bench = Bench::new();
    let seal = bench.seals().open().await.expect("made");
    let id = bench.ask(&seal).await;
    let begun = |byte: u8| {
        let secret = Zeroizing::new([byte; 32]);
        (bench.keys.seal.generation(&secret).0, secret)
    };
    // Before its key was written, and before it sealed.
    let [(one, _), (two, secret)] = [begun(1), begun(2)];
    for generation in [&one, &two] {
        bench.ledger.begin_seal_generation(generation).await.expect("noted");
    }
    bench.store.put(&two, &secret).expect("written");
    assert_eq!(bench.tend(&seal).await, Tended::default(), "somebody may be making them");
    bench.sql("UPDATE seal_generation SET made = made - 7200000 WHERE state = 'new'");
    let mut destroyed = bench.tend(&seal).await.destroyed;
    destroyed.sort();
    let mut both = [one, two.clone()];
    both.sort();
    assert_eq!((destroyed, bench.kept()), (both.to_vec(), 1));
    let open = bench.ledger.open_seal_generation(&two, Some(&seal.id())).await.expect("answered");
    assert!(!open, "its maker was only slow");

    // After it was opened: whoever comes next seals under it.
    let before = seal.id();
    let (three, secret) = begun(3);
    bench.ledger.begin_seal_generation(&three).await.expect("noted");
    bench.store.put(&three, &secret).expect("written");
    assert!(bench.ledger.open_seal_generation(&three, Some(&before)).await.expect("opened"));
    bench.tend(&seal).await;
    assert_eq!((seal.id(), bench.kept()), (three, 2), "the one before still opens something");
    bench.end(id).await;
    // After its key was destroyed.
    bench.store.destroy(&before).expect("destroyed");
    assert_eq!(bench.tend(&seal).await.destroyed, [before]);
    assert_eq!((bench.known().await, bench.kept()), (1, 1));
}

#[tokio::test]
async fn a_key_that_is_missing_stops_everything_unless_nothing_needs_it_or_somebody_accepts_it() {
    let bench = Bench::new();
    let seal = bench.seals().open().await.expect("made");
    let first = seal.id();
    std::fs::remove_file(bench.store.shown(&first)).expect("removed");
    let seal = bench.seals().open().await.expect("nothing is sealed under it, so another one follows");
    assert_ne!(seal.id(), first);
    // But not while others work, who may have it.
    let process = ProcessInfo { version: "1.2.3".into(), place: "web-1/4711".into(), targets: Vec::new() };
    bench.ledger.register(&process).await.expect("on the list");
    std::fs::rename(bench.store.shown(&seal.id()), bench.folder.path().join("aside")).expect("moved");
    assert!(bench.seals().open().await.err().expect("others have it").to_string().contains("`keys.seals`"));
    std::fs::rename(bench.folder.path().join("aside"), bench.store.shown(&seal.id())).expect("moved back");
    bench.ledger.deregister().await.expect("off the list");
    bench.ask(&seal).await;
    std::fs::remove_file(bench.store.shown(&seal.id())).expect("removed");
    let said = bench.seals().open().await.err().expect("it is missing").to_string();
    assert!(said.contains(&bench.store.shown(&seal.id())), "{said}");
    assert!(said.contains("Put it back") && said.contains("quietus ledger accept"), "{said}");

    // Not one is there: a folder that is away looks like that, and so does a new machine.
    let said = bench.seals().accept_gone(false).await.expect_err("it may be away").to_string();
    assert!(said.contains("--seals-gone"), "{said}");
    assert_eq!(bench.seals().accept_gone(true).await.expect("accepted"), [seal.id()]);
    let other = bench.seals().open().await.expect("another one seals");
    bench.seals().must_open(&other).await.expect("it is accepted");
    assert_eq!(bench.seals().accept_gone(false).await.expect("nothing is left"), []);
}

#[tokio::test]
async fn a_store_that_is_away_or_another_one_is_not_taken_for_an_empty_one() {
    let bench = Bench::new();
    let seal = bench.seals().open().await.expect("made");
    let id = bench.ask(&seal).await;
    bench.sql("UPDATE seal_generation SET made = made - 86400000");
    bench.tend(&seal).await;
    bench.end(id).await;
    bench.sql("UPDATE seal_generation SET made = made - 86400000");
    let [there, away] = ["ledger.seals", "away"].map(|name| bench.folder.path().join(name));
    std::fs::rename(&there, &away).expect("moved");
    // Neither one that is missing, nor an empty one.
    for is_empty in [false, true] {
        if is_empty {
            std::fs::create_dir(&there).expect("made");
        }
        let said = bench.seals().tend(&seal, None).await.expect_err("it is away").to_string();
        assert!(said.contains("is what is mounted there away?"), "{said}");
        assert_eq!((bench.known().await, bench.kept()), (2, 0), "nothing is made, and none believed to be destroyed");
    }
    std::fs::remove_dir(&there).expect("removed");
    std::fs::rename(&away, &there).expect("moved back");
    let tended = bench.tend(&seal).await;
    assert!(tended.made.is_some());
    assert_eq!((tended.destroyed.len(), bench.known().await, bench.kept()), (2, 1, 1));
}

#[tokio::test]
async fn a_key_that_cannot_be_written_leaves_no_row_and_keeps_none_from_being_destroyed() {
    let mut bench = Bench::new();
    let script = r#"
        case "$1" in
            get) if [ -e "$0/$2" ]; then cat "$0/$2"; fi ;;
            put) if [ -e "$0/lies" ]; then cat > /dev/null; echo 12 > "$0/$2"; else cat > "$0/$2"; fi
                 [ ! -e "$0/full" ] ;;
            destroy) rm -f "$0/$2" ;;
        esac"#;
    let all = ["sh", "-c", script, bench.folder.path().to_str().expect("UTF-8")].map(str::to_owned);
    bench.store = SealStore::Command(ExternalCommand::of(&all, bench.folder.path()).expect("a program"));
    let seal = bench.seals().open().await.expect("made");
    let first = seal.id();
    let id = bench.ask(&seal).await;
    bench.sql("UPDATE seal_generation SET made = made - 86400000");
    bench.tend(&seal).await;
    bench.end(id).await;
    bench.sql("UPDATE seal_generation SET made = made - 86400000");
    for what in ["full", "lies"] {
        std::fs::write(bench.folder.path().join(what), "").expect("written");
        for _ in 0..2 {
            bench.seals().tend(&seal, None).await.expect_err(what);
            let all = bench.ledger.seal_generations().await.expect("listed");
            assert_eq!(all.iter().map(|one| one.state).collect::<Vec<_>>(), [GenerationState::Open], "{what}");
        }
        std::fs::remove_file(bench.folder.path().join(what)).expect("removed");
    }
    assert!(bench.store.get(&first).expect("read").is_none(), "the one before was destroyed all the same");
    assert!(bench.tend(&seal).await.made.is_some());
}

#[tokio::test]
async fn a_key_that_is_another_one_is_refused() {
    let bench = Bench::new();
    let seal = bench.seals().open().await.expect("made");
    bench.ask(&seal).await;
    std::fs::write(bench.store.shown(&seal.id()), "11".repeat(32)).expect("written");
    let said = bench.seals().open().await.err().expect("it is another one").to_string();
    assert!(said.contains("was changed, or made with another seal.key"), "{said}");
}
