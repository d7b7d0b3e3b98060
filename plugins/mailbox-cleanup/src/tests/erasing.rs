//! Erased, absent, residual, and what must survive.

use super::mail::{anns, left, look_alikes, mail, texts};
use super::*;

#[test]
fn what_is_the_persons_goes_from_all_folders_and_look_alikes_stay() {
    let user = "all-folders";
    for folder in ["INBOX", "Trash", "Junk", "Pr&AOE-ce/2025"] {
        SERVER.deliver(user, folder, anns().into_iter().chain(look_alikes()));
    }
    let host = host(imap(&SERVER, user));
    assert_eq!(host.dry_run(ANN), residual(40));
    assert_eq!(host.verify(ANN), residual(40));
    assert_eq!(host.erase(ANN), erased(40));
    let mut stay = look_alikes();
    stay.sort();
    for folder in ["INBOX", "Trash", "Junk", "Pr&AOE-ce/2025"] {
        assert_eq!(texts(&SERVER, user, folder), stay, "{folder}");
    }
    assert_eq!(host.verify(ANN), Ok(Answer::absent()));
    assert_eq!(host.erase(ANN), erased(40), "the answer was lost");
    assert_eq!(host.dry_run(ANN), Ok(Answer::absent()));
}

#[test]
fn who_is_not_there_is_absent() {
    let user = "absent";
    SERVER.deliver(user, "INBOX", look_alikes());
    assert_eq!(host(imap(&SERVER, user)).erase(ANN), Ok(Answer::absent()));
    assert_eq!(host(imap(&SERVER, "nobody-yet")).erase(ANN), Ok(Answer::absent()));
    assert_eq!(left(&SERVER, user, "INBOX"), look_alikes().len());
}

#[test]
fn what_somebody_else_has_marked_as_deleted_survives() {
    let user = "marked";
    let marked: Vec<_> = look_alikes().into_iter().map(|message| message.marked()).collect();
    SERVER.deliver(user, "INBOX", marked.iter().cloned().chain(anns()).chain([mail("From: ann@x.cz").marked()]));
    assert_eq!(host(imap(&SERVER, user)).erase(ANN), erased(11), "hers goes, marked or not");
    let mut marked = marked;
    marked.sort();
    assert_eq!(texts(&SERVER, user, "INBOX"), marked);
}
