//! What an answer about an account claims: how many folders, what they are for, and by what they were searched.

use std::collections::BTreeSet;

use super::account::Folders;
use crate::scope::{ATTACHMENTS, DEVICES, RECEIVED, Scope, TEXTS, headers};
use crate::wanted::Place;

/// What no client of the server sees.
pub(crate) const NOT_LOOKED_AT: [&str; 2] = [
    "folders that the server does not list for this user: other people's mailboxes and copies in them, other namespaces",
    "the server's backups and archives, and what it keeps of messages that were expunged",
];
/// What the configuration leaves out.
pub(crate) const LEFT_OUT: &str = "folders that the configuration leaves out";

/// What was looked at in so many of the folders, and what was not.
pub(super) fn scope(folders: &Folders, read: usize, place: Place) -> Scope {
    let uses: BTreeSet<_> = folders.searched.iter().flat_map(|folder| folder.uses()).collect();
    let uses = if uses.is_empty() { String::new() } else { format!(" ({} among them)", join(uses)) };
    let texts = if place == Place::Anywhere { ", and by their texts" } else { "" };
    let all = folders.searched.len();
    let how_many = match (read, all) {
        (1, 1) => "1 folder".into(),
        (read, all) if read == all => format!("{all} folders"),
        (read, all) => format!("{read} of {all} folders"),
    };
    let headers = headers(place);
    let looked_at = format!("messages of {how_many}{uses}, by the server's search and their headers {headers}{texts}");
    Scope::looked_at(looked_at)
        .without_if(place != Place::Anywhere, TEXTS)
        .without_if(place == Place::Anywhere, ATTACHMENTS)
        .without_if(place == Place::Senders, RECEIVED)
        .without_if(folders.left_out > 0, LEFT_OUT)
        .without(&NOT_LOOKED_AT)
        .without(&[DEVICES])
}

fn join(words: BTreeSet<&str>) -> String {
    let words: Vec<_> = words.into_iter().collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
