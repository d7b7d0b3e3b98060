//! From what the accounts say to the answer: the only place where outcomes are decided. An account that fails keeps no
//! other from being done, and the error names it.

use std::time::Duration;

use quietus_plugin::{Answer, ErrorClass, PluginError};

use crate::mailbox::Seen;
use crate::scope::Scope;

/// What accounts said so far.
#[derive(Default)]
pub(crate) struct Said {
    messages: u64,
    kept: u64,
    reasons: Vec<String>,
    /// By account, what was found and does not show whose it is.
    unclear: Vec<String>,
    /// By account, what could not be looked through.
    unread: Vec<String>,
    /// By account, what is left because the system refuses to erase it.
    undone: Vec<String>,
    scopes: Vec<(String, Scope)>,
    again_after: Option<Duration>,
    failed: Vec<(String, PluginError)>,
}

impl Said {
    /// One account's say. `Err` is what no other account can mend: nobody waits for the answer any more.
    pub(crate) fn hear(&mut self, account: &str, said: Result<Seen, PluginError>) -> Result<(), PluginError> {
        match said {
            Ok(seen) => {
                self.messages += seen.messages;
                self.again_after = self.again_after.max(seen.again_after);
                if seen.unclear > 0 {
                    let text = "messages were found that do not show whose they are, and stay";
                    self.unclear.push(format!("account `{account}`: {} {text}", seen.unclear));
                }
                self.unread.extend(seen.unread.into_iter().map(|what| format!("account `{account}`: {what}")));
                self.undone.extend(seen.undone.into_iter().map(|what| format!("account `{account}`: {what}")));
                self.scopes.push((account.to_owned(), seen.scope));
                for kept in seen.kept {
                    self.kept += kept.messages;
                    self.reasons.push(format!("account `{account}`: {}", kept.reason));
                }
            }
            Err(error) if error.class == ErrorClass::Cancelled => return Err(error),
            Err(error) => self.failed.push((account.to_owned(), error)),
        }
        Ok(())
    }

    /// Some of the person's addresses are on the protect list, and were not searched for.
    pub(crate) fn protected(&mut self) {
        self.reasons.push("an address is on the protect list, and its messages were not searched for".into());
    }

    pub(crate) fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    /// Whether every account was looked through, all of it, and nothing was refused.
    pub(crate) fn is_whole(&self) -> bool {
        !self.has_failed() && self.unread.is_empty() && self.undone.is_empty()
    }

    /// The answer to `erase`, where so many messages were erased in this and earlier attempts.
    pub(crate) fn erased(self, messages: u64) -> Result<Answer, PluginError> {
        let answer = match (self.failure(messages), self.reason(), self.messages) {
            (Some(failure), ..) => return Err(failure),
            // What is left comes before what is kept: `retained` is an end, after which nobody would erase the rest.
            (None, _, 1..) => self.left(),
            (None, Some(reason), 0) => Answer::retained(reason),
            (None, None, 0) if messages > 0 => Answer::erased(),
            (None, None, 0) => Answer::absent(),
        };
        // What is left is to be erased again now.
        let answer = match self.again_after.filter(|_| self.messages == 0) {
            Some(pause) => answer.verify_after(pause),
            None => answer,
        };
        Ok(self.claim(counted(answer, "messages", messages)))
    }

    /// The answer to `verify` and to a dry run: what is there now.
    pub(crate) fn looked(self) -> Result<Answer, PluginError> {
        let answer = match (self.failure(0), self.reason(), self.messages) {
            (Some(failure), ..) => return Err(failure),
            (None, _, 1..) => Answer::residual(),
            (None, Some(reason), 0) => Answer::retained(reason),
            (None, None, 0) => Answer::absent(),
        };
        let messages = self.messages;
        Ok(self.claim(counted(answer, "messages", messages)))
    }

    /// What erasing has left: all that may be erased, and was not.
    fn left(&self) -> Answer {
        let reason = (!self.undone.is_empty()).then(|| self.undone.join("; "));
        Answer { reason, ..Answer::residual().count("messages left", self.messages) }
    }

    /// The answer with what stays, and with how far the look went.
    fn claim(self, answer: Answer) -> Answer {
        // Where messages are left, the reason says why.
        let undone = if self.messages > 0 { Vec::new() } else { self.undone };
        let unsure = [self.unclear, self.unread, undone].concat();
        let mut answer = counted(answer, "kept messages", self.kept).unclear(&unsure);
        for (account, scope) in self.scopes {
            if let Some(places) = scope.looked_at {
                answer = answer.looked_at(format!("account `{account}`: {places}"));
            }
            answer = scope.not_looked_at.into_iter().fold(answer, Answer::not_looked_at);
            answer = scope.keeps.iter().fold(answer, |answer, kept| answer.keeps(*kept));
        }
        answer
    }

    fn reason(&self) -> Option<String> {
        (!self.reasons.is_empty()).then(|| self.reasons.join("; "))
    }

    /// One error of all, of the class that goes first.
    fn failure(&self, erased: u64) -> Option<PluginError> {
        let class = self.failed.iter().map(|(_, error)| error.class).min_by_key(|class| rank(*class))?;
        let told: Vec<_> = self.failed.iter().map(|(name, error)| format!("account `{name}`: {error}")).collect();
        let mut message = told.join("; ");
        if erased > 0 {
            message += &format!(" ({erased} messages are erased so far)");
        }
        // The longest pause of all: after a shorter one, the account that asked for more would refuse again.
        let retry_after_ms = self.failed.iter().filter_map(|(_, error)| error.retry_after_ms).max();
        Some(PluginError { retry_after_ms, ..PluginError::new(class, message) })
    }
}

/// Which of several classes goes first: what stops the queue, and what may be retried before what may not, so that it
/// is.
pub(crate) fn rank(class: ErrorClass) -> u8 {
    match class {
        ErrorClass::NeedsOperator => 0,
        ErrorClass::Permanent => 3,
        ErrorClass::RateLimited => 2,
        _ => 1,
    }
}

fn counted(answer: Answer, what: &str, how_many: u64) -> Answer {
    if how_many == 0 { answer } else { answer.count(what, how_many) }
}

#[cfg(test)]
mod tests {
    use quietus_plugin::Outcome;

    use super::*;
    use crate::mailbox::Kept;

    fn said(all: Vec<Result<Seen, PluginError>>) -> Said {
        let mut heard = Said::default();
        for (n, said) in all.into_iter().enumerate() {
            heard.hear(&format!("a{n}"), said).expect("not cancelled");
        }
        heard
    }

    fn kept(messages: u64) -> Seen {
        Seen { kept: vec![Kept { reason: "a hold".into(), messages }], ..Seen::default() }
    }

    #[test]
    fn what_was_erased_and_what_stays_is_told_apart() {
        assert_eq!(said(vec![Ok(Seen::default())]).erased(0), Ok(Answer::absent()));
        assert_eq!(said(vec![Ok(Seen::default())]).erased(3), Ok(Answer::erased().count("messages", 3)));
        let answer = said(vec![Ok(Seen::default()), Ok(kept(2))]).erased(3).expect("an answer");
        assert_eq!(
            (answer.outcome, answer.counts["messages"], answer.counts["kept messages"]),
            (Outcome::Retained, 3, 2)
        );
        assert_eq!(answer.reason.as_deref(), Some("account `a1`: a hold"));
        let left = said(vec![Ok(Seen { messages: 1, ..kept(2) })]).erased(0).expect("an answer");
        assert_eq!(left.outcome, Outcome::Residual);
        assert_eq!(said(vec![Ok(kept(1))]).looked().expect("an answer").outcome, Outcome::Retained);
    }

    #[test]
    fn the_error_names_every_account_that_failed_and_is_of_the_gravest_class() {
        let limited = PluginError::rate_limited(Some(std::time::Duration::from_secs(7)));
        let all = vec![Err(limited.clone()), Ok(Seen::default()), Err(PluginError::needs_operator("wrong password"))];
        let error = said(all).erased(2).expect_err("failed");
        let told = "account `a0`: rate limited; account `a2`: wrong password (2 messages are erased so far)";
        assert_eq!((error.class, error.message.as_str()), (ErrorClass::NeedsOperator, told));
        let all = vec![Err(PluginError::permanent("too large")), Err(PluginError::retryable("away"))];
        assert_eq!(said(all).looked().expect_err("failed").class, ErrorClass::Retryable, "the second is retried");
        let error = said(vec![Err(limited)]).looked().expect_err("limited");
        assert_eq!((error.class, error.retry_after_ms), (ErrorClass::RateLimited, Some(7000)));
    }

    #[test]
    fn the_last_account_to_let_go_says_when_to_look_again() {
        let later = |s| Ok(Seen { again_after: Some(Duration::from_secs(s)), ..Seen::default() });
        let answer = said(vec![later(60), later(90), Ok(Seen::default())]).erased(1);
        assert_eq!(answer, Ok(Answer::erased().count("messages", 1).verify_after(Duration::from_secs(90))));
        let left = Ok(Seen { messages: 1, ..Seen::default() });
        assert_eq!(said(vec![later(60), left]).erased(0).expect("an answer").verify_after_s, None);
    }

    #[test]
    fn what_does_not_show_whose_it_is_is_never_erased_or_absent() {
        let unclear = || Ok(Seen { unclear: 2, ..Seen::default() });
        for answer in [said(vec![unclear()]).looked(), said(vec![unclear()]).erased(0), said(vec![unclear()]).erased(3)]
        {
            let answer = answer.expect("an answer");
            assert_eq!(answer.outcome, Outcome::Unverifiable);
            assert!(answer.reason.is_some_and(|reason| reason.starts_with("account `a0`: 2 messages were found")));
            assert_eq!(answer.not_looked_at.len(), 1);
        }
        let left = said(vec![unclear(), Ok(Seen { messages: 1, ..Seen::default() })]).looked().expect("an answer");
        assert_eq!((left.outcome, left.not_looked_at.len()), (Outcome::Residual, 1));
        let unread = || Ok(Seen { unread: vec!["folder 2 of 9: no".into()], ..Seen::default() });
        for answer in [said(vec![unread()]).looked(), said(vec![unread()]).erased(0), said(vec![unread()]).erased(3)] {
            let answer = answer.expect("an answer");
            assert_eq!(answer.outcome, Outcome::Unverifiable);
            assert_eq!(answer.not_looked_at, ["account `a0`: folder 2 of 9: no"]);
        }
        assert_eq!(said(vec![unclear(), Ok(kept(1))]).looked().expect("an answer").outcome, Outcome::Retained);
    }

    #[test]
    fn what_is_left_because_it_is_refused_is_residual_and_says_why() {
        let refused = |messages| Seen { messages, undone: vec!["folder 2 of 9: no".into()], ..Seen::default() };
        let answer = said(vec![Ok(refused(3)), Ok(Seen::default())]).erased(2).expect("an answer");
        assert_eq!(
            (answer.outcome, answer.counts["messages"], answer.counts["messages left"]),
            (Outcome::Residual, 2, 3)
        );
        assert_eq!(answer.reason.as_deref(), Some("account `a0`: folder 2 of 9: no"));
        let answer = said(vec![Ok(refused(0))]).erased(2).expect("an answer");
        assert_eq!(answer.outcome, Outcome::Unverifiable, "something was left undone");
        assert!(!said(vec![Ok(refused(0))]).is_whole());
    }

    #[test]
    fn what_was_looked_at_is_said_by_account_and_what_was_not_once() {
        let scope = |keeps| Scope { keeps, ..Scope::looked_at("9 folders".into()).without(&["texts"]) };
        let seen = |keeps: &'static [&'static str]| Ok(Seen { scope: scope(keeps), ..Seen::default() });
        let answer = said(vec![seen(&[]), seen(&["the bin"])]).looked().expect("an answer");
        assert_eq!(answer.looked_at, ["account `a0`: 9 folders", "account `a1`: 9 folders"]);
        assert_eq!((answer.not_looked_at, answer.keeps), (vec!["texts".into()], Some(vec!["the bin".into()])));
        assert_eq!(said(vec![seen(&[])]).erased(1).expect("an answer").keeps, None);
    }

    #[test]
    fn a_protected_address_is_never_absent() {
        let mut protected = said(vec![Ok(Seen::default())]);
        protected.protected();
        assert_eq!(protected.erased(1).expect("an answer").outcome, Outcome::Retained);
    }
}
