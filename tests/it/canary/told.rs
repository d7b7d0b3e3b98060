//! Who is told of what happens: by mail, by a request, by a program, and by a ping.

use std::path::PathBuf;

use test_servers::exim::Exim;

use super::assert_silent;
use crate::alerts::email;
use crate::alerts::receiver::Receiver;
use crate::harness::{Deployment, wait_for};

pub(super) struct Told {
    exim: Exim,
    hook: Receiver,
    ping: Receiver,
    /// Beside all that is searched.
    file: PathBuf,
}

impl Told {
    /// Adds it to the configuration.
    pub(super) fn by(deployment: &Deployment) -> Self {
        let (exim, hook, ping) = (Exim::start(), Receiver::start(), Receiver::start());
        let file = deployment.path("told");
        deployment.write("smtp.secret", "hunter2");
        deployment.write("hook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        deployment.add(&format!(
            "[watch]\nping = {{ url = \"{}\", every = \"1s\" }}\n\
             [[alert]]\nname = \"file\"\nfrom = \"notice\"\nwait = \"0s\"\ndigest = \"00:00\"\n\
             command = [\"sh\", \"-c\", 'cat >> \"$0\"', \"{}\"]\n\
             [[alert]]\nname = \"hook\"\nfrom = \"notice\"\nwait = \"0s\"\n\
             webhook = {{ url = \"{}\", secret = {{ file = \"hook.secret\" }} }}\n{}",
            ping.url,
            file.display(),
            hook.url,
            email::settings(&exim, "from = \"notice\"", ""),
        ));
        Self { exim, hook, ping, file }
    }

    /// Waits until all of them were told of what needs a person.
    pub(super) fn hear_of(&self, code: &str) {
        wait_for(&format!("{code} to be told"), || {
            let heard = self.hook.heard();
            let all = [
                self.file().contains(code),
                heard.iter().any(|heard| heard.body.contains(code)),
                self.exim.mails().iter().any(|mail| mail.replace("=\n", "").contains(code)),
            ];
            (all == [true; 3]).then_some(())
        });
    }

    /// Waits until all of them were told of what cannot be read, and until a day is over: `sql` changes the ledger.
    pub(super) fn wait(&self, sql: &dyn Fn(&str)) {
        self.hear_of("deliveries_unreadable");
        wait_for("a ping", || (!self.ping.heard().is_empty()).then_some(()));
        wait_for("a digest", || {
            // As if the last one were long ago. What is written at this moment may be written over.
            sql(
                "UPDATE alert SET version = version + 1, state = replace(state, '\"digest\":\"20', '\"digest\":\"10') WHERE name = 'file'",
            );
            self.file().contains("quietus.digest").then_some(())
        });
    }

    fn file(&self) -> String {
        std::fs::read_to_string(&self.file).unwrap_or_default()
    }

    /// Searches what came by mail and by requests.
    pub(super) fn search(&self) {
        for mail in self.exim.mails() {
            assert_silent("a mail", mail.replace("=\n", "").as_bytes());
        }
        for heard in self.hook.heard().iter().chain(&self.ping.heard()) {
            assert_silent("a request", format!("{heard:?}").as_bytes());
        }
    }
}
