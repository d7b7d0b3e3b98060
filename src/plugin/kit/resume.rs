//! Checks of what is stored while a call is under way, where it is declared: the plugin waits until it is stored, goes no
//! further when it is not, and comes to the same when it goes on in another process.

use quietus_plugin::protocol::Reply;
use quietus_plugin::{Operation, ResumeValue};

use super::bench::{Bench, Erased, Method, in_words};
use super::finding::{Checked, Not};
use super::person::{Person, fresh_key};
use super::wire::Storing;

/// A value that no version of the plugin has stored.
const FOREIGN: &[u8] = b"quietus kit \x00\xff\xfe{]";

/// To be run before the person is erased: a plugin that keeps to it erases nobody here.
pub(super) async fn before_erasing(bench: &mut Bench<'_>) {
    let sentence = "when a checkpoint is not stored, the call goes no further";
    bench.check("resume-refused", sentence, refused).await;
    let sentence = "a stored value that it does not know crashes nothing";
    bench.check("resume-foreign", sentence, foreign).await;
}

/// To be run when the person has been erased.
pub(super) async fn after_erasing(bench: &mut Bench<'_>, erased: Erased<'_>) {
    let sentence = "a call goes on only when its checkpoint is stored";
    bench.check("resume-waits", sentence, async |bench| waits(bench)).await;
    let sentence = "in another process, it comes to the same from what was stored";
    bench.check("resume-continues", sentence, async |bench| continues(bench, erased).await).await;
}

fn declared(bench: &Bench<'_>) -> Result<(), Not> {
    match bench.can(&Operation::Resume)? {
        true => Ok(()),
        false => Err(Not::skipped("it does not declare `resume`")),
    }
}

async fn refused(bench: &mut Bench<'_>) -> Checked {
    declared(bench)?;
    let person = Person::named(&bench.subject, bench.manifest()?);
    bench.ready().await?.storing = Storing::Refuse;
    let reply = bench.call("a call whose checkpoint is not stored", Method::Erase, &person, &fresh_key()).await;
    let wire = bench.ready().await?;
    // Before the reply is looked at: otherwise nothing would be stored in the checks that follow.
    wire.storing = Storing::Store;
    let was_asked = std::mem::take(&mut wire.refused) > 0;
    match reply? {
        _ if !was_asked => Err(Not::skipped("it stored nothing for this person")),
        Reply::Error { .. } => Ok(None),
        Reply::Result { .. } | Reply::Unsupported => {
            let advice = "answer with a `retryable` error as soon as a checkpoint is not stored: `call.checkpoint(…)?`";
            Err(Not::failed("it was answered with a result", advice))
        }
    }
}

async fn foreign(bench: &mut Bench<'_>) -> Checked {
    declared(bench)?;
    let person = Person::nobody(bench.manifest()?);
    let value = ResumeValue::new(FOREIGN);
    let what = "a call with a stored value that it does not know";
    bench.call_from(what, Method::Erase, &person, &fresh_key(), Some(&value)).await?;
    bench.still_lives(what).await?;
    Ok(None)
}

fn waits(bench: &Bench<'_>) -> Checked {
    declared(bench)?;
    match (bench.stored.len(), bench.rushed) {
        (0, _) => Err(Not::skipped("it stored nothing for this person")),
        (count, false) => Ok(Some(format!("{count} checkpoints"))),
        (_, true) => {
            let advice = "wait for `resume_stored` before you go on, and store one value at a time";
            Err(Not::failed("it went on before its checkpoint was acknowledged", advice))
        }
    }
}

async fn continues(bench: &mut Bench<'_>, erased: Erased<'_>) -> Checked {
    declared(bench)?;
    let Some((person, key, first)) = erased else { return Err(Not::skipped("`erase` did not work")) };
    let Some(value) = bench.stored.last().cloned() else {
        return Err(Not::skipped("it stored nothing for this person"));
    };
    bench.restart().await;
    let second = bench.ask_from(Method::Erase, person, key, Some(&value)).await?;
    if (first.outcome, &first.counts) == (second.outcome, &second.counts) {
        return Ok(Some(in_words(&second)));
    }
    let why = format!("first {}, and from what was stored {}", in_words(first), in_words(&second));
    Err(Not::failed(why, "store what the answer is made of, and begin with it: `call.resume()`"))
}
