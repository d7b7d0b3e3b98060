//! Mail for tests.

use test_servers::dovecot::{Dovecot, Message};

/// A message with these headers.
pub(super) fn mail(headers: &str) -> Message {
    Message::new(format!("{headers}\nSubject: x\nDate: Mon, 6 Jan 2025 10:00:00 +0100\n\nHello.\n"))
}

/// Messages that are Ann's, in all that headers can be.
pub(super) fn anns() -> Vec<Message> {
    [
        "From: ann@x.cz\nTo: bob@y.cz",
        "From: \"Novak, Ann\" <ANN@X.CZ>\nTo: bob@y.cz",
        "From: bob@y.cz\nTo: Bob <bob@y.cz>,\n Ann\n\t<ann@x.cz>",
        "From: bob@y.cz\nCc: =?utf-8?B?xIxlc2vDoSBBbm5h?= <ann@x.cz>",
        "From: bob@y.cz\nCc: =?iso-8859-2?Q?=C8esk=E1?=\n =?iso-8859-2?Q?_Anna?= <ann@x.cz>",
        "From: bob@y.cz\nBcc: friends: eve@y.cz, ann@x.cz;",
        "From: form@y.cz\nReply-To: ann@x.cz\nTo: bob@y.cz",
        "From: bob@y.cz\nSender: ann@x.cz",
        "From: Česká Anna <ann@x.cz>\nTo: bob@y.cz",
        "From: bob@y.cz\nTo: ann@x.cz (Ann, at home)",
    ]
    .map(mail)
    .into()
}

/// Messages that a careless search takes for Ann's.
pub(super) fn look_alikes() -> Vec<Message> {
    [
        "From: joann@x.cz\nTo: bob@y.cz",
        "From: ann@x.czech.com\nTo: bob@y.cz",
        "From: \"ann@x.cz\" <eve@y.cz>\nTo: bob@y.cz",
        "From: eve@y.cz (ann@x.cz)\nTo: bob@y.cz",
        "From: eve@y.cz\nTo: ann+list@x.cz",
        "From: eve@y.cz\nX-Original-To: ann@x.cz",
        "From: eve@y.cz\nTo: ann@x.cz.y.cz, joann@x.cz",
    ]
    .map(mail)
    .into_iter()
    .chain([Message::new("From: eve@y.cz\nSubject: ann@x.cz\n\nWrite to ann@x.cz.\n")])
    .collect()
}

/// How many messages are in a folder.
pub(super) fn left(server: &Dovecot, user: &str, folder: &str) -> usize {
    server.messages(user, folder).len()
}

/// What is in a folder, whatever the files are called.
pub(super) fn texts(server: &Dovecot, user: &str, folder: &str) -> Vec<Message> {
    let mut messages = server.messages(user, folder);
    messages.sort();
    messages
}
