//! What lowers a receipt's verdict, and what to do about each: of a receipt that is written, and of one that is foreseen.

use std::io;

use super::out::{self, BAD, DOUBTFUL, Out};
use crate::erasure::Verdict;
use crate::receipt::{Advised, ForeseenAdvice};

/// What lowers it and what to do about that, and what lowers nothing; nothing where there are no reasons.
pub(super) fn write(reasons: &[Advised], out: &mut Out) -> io::Result<()> {
    let (lower, others): (Vec<_>, Vec<_>) = reasons.iter().partition(|one| one.lowers);
    for one in lower {
        let what = one.allows.map_or("less than complete", Verdict::as_str);
        let text = match one.sure {
            true => format!("{what} by {}", one.named()),
            false => format!("perhaps {what} by {}", one.named()),
        };
        match one.allows {
            Some(Verdict::Incomplete) if one.sure => out.marked(BAD, "✗", text)?,
            _ => out.marked(DOUBTFUL, "!", text)?,
        }
        if let Some(advice) = one.advice {
            out.line(format_args!("  {advice}"))?;
        }
    }
    for one in others {
        out.line(format_args!("named, and lowers nothing: {}", one.named()))?;
    }
    Ok(())
}

/// What the receipt will have to say, before anything is erased.
pub(super) fn write_foreseen(foreseen: &ForeseenAdvice, out: &mut Out) -> io::Result<()> {
    let (best, at) = (foreseen.at_best, out::time(foreseen.at));
    out.line(format_args!("the receipt can be {best} at best, by what was said at {at}"))?;
    write(&foreseen.reasons, out)?;
    for target in &foreseen.not_known {
        out.marked(DOUBTFUL, "!", format_args!("not known of {target}, which could not be asked"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::operations::receipts::sample;
    use crate::receipt::advised;
    use crate::subject::TargetName;

    #[test]
    fn each_reason_is_marked_by_what_it_does_and_says_what_to_do() {
        let reasons = advised(&sample::issued(&sample::person(), None).statement);
        let (mut out, captured) = Out::captured(false);
        let foreseen = ForeseenAdvice {
            at: Timestamp::UNIX_EPOCH,
            at_best: Verdict::Incomplete,
            reasons,
            not_known: vec![TargetName("erp".into())],
        };
        write_foreseen(&foreseen, &mut out).expect("written");
        let text = captured.text();
        let lines: Vec<_> = text.lines().collect();
        for line in [
            "the receipt can be incomplete at best, by what was said at 1970-01-01T00:00:00Z",
            "✗ incomplete by possible_left, 2",
            "✗ incomplete by unverifiable at crm: it has no search",
            "! retained by kept_by_vendor at crm: a bin for 30 days",
            "✗ incomplete by not_looked_at at crm: archive",
            "! not known of erp, which could not be asked",
        ] {
            assert!(lines.contains(&line), "{line}: {text}");
        }
        let advice = lines.iter().filter(|line| line.starts_with("  ")).count();
        assert_eq!(advice, 4, "one for each that lowers it: {text}");
    }

    #[test]
    fn what_may_still_be_seen_is_no_more_than_perhaps() {
        let mut reasons = advised(&sample::issued(&sample::person(), None).statement);
        reasons.retain(|one| one.reason.code == "unverifiable");
        reasons[0].sure = false;
        let (mut out, captured) = Out::captured(false);
        write(&reasons, &mut out).expect("written");
        assert!(captured.text().starts_with("! perhaps incomplete by unverifiable at crm"), "{}", captured.text());
    }
}
