//! What NATS refuses: the server answers a message or a subscription that the user has no right to by an event of the connection
//! (`-ERR 'Permissions Violation for …'`), and by nothing that belongs to the message.
//! <https://docs.nats.io/reference/reference-protocols/nats-protocol#ok-err>

use async_nats::{ConnectOptions, Event, ServerError};
use quietus_plugin::PluginError;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The refusals of one connection, as they come.
pub(super) struct Refusals(UnboundedReceiver<Refusal>);

/// What the user may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Publish,
    Subscribe,
    /// Nobody may use such a subject for replies.
    Reply,
}

impl Refusals {
    pub(super) fn of(options: ConnectOptions) -> (ConnectOptions, Self) {
        let (tell, told) = unbounded_channel();
        let options = options.event_callback(move |event| {
            if let Event::ServerError(ServerError::Other(text)) = event
                && let Some(refusal) = Refusal::read(&text)
            {
                // Nobody may wait for it any more.
                let _told = tell.send(refusal);
            }
            async {}
        });
        (options, Self(told))
    }

    /// The next one; waits for ever where there is none.
    pub(super) async fn next(&mut self) -> Refusal {
        match self.0.recv().await {
            Some(refusal) => refusal,
            None => std::future::pending().await,
        }
    }
}

impl Refusal {
    /// The server's text also names the subject, which is not shown.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches('\'').to_ascii_lowercase();
        let what = text.strip_prefix("permissions violation for ")?;
        Some(match what {
            _ if what.starts_with("publish with reply") => Self::Reply,
            _ if what.starts_with("publish") => Self::Publish,
            _ => Self::Subscribe,
        })
    }

    pub(super) fn error(self) -> PluginError {
        PluginError::needs_operator(match self {
            Self::Publish => "NATS lets the user not publish to the subject: grant it (`permissions.publish`)",
            Self::Subscribe => {
                "NATS lets the user not subscribe to `_INBOX.>`, where acknowledgements come to, so that nobody hears whether the \
                 message is stored: grant it (`permissions.subscribe`)"
            }
            Self::Reply => "NATS does not take the subject for acknowledgements",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nats-server 2.9 writes them.
    #[test]
    fn what_is_refused_is_read_from_the_servers_words() {
        use Refusal::{Publish, Reply, Subscribe};
        for (text, refusal) in [
            ("Permissions Violation for Publish to \"erasures.demanded\"", Some(Publish)),
            ("Permissions Violation for Publish with Reply of \"_R_.quietus\"", Some(Reply)),
            ("Permissions Violation for Subscription to \"_INBOX.a\"", Some(Subscribe)),
            ("permissions violation for subscription to \"_INBOX.a\" using queue \"q\"", Some(Subscribe)),
            ("'Permissions Violation for Publish to \"x\"'", Some(Publish)),
            ("Stale Connection", None),
            ("Maximum Payload Violation", None),
        ] {
            assert_eq!(Refusal::read(text), refusal, "{text}");
        }
    }
}
