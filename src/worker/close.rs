//! Erasures are closed: their receipts are written. Those that wait are closed together, so that many join the chain with
//! one write, and several processes hardly wait for one another at its head.

use tokio::time::timeout;
use tracing::{Instrument as _, info, warn};

use super::metrics;
use super::parts::Worker;
use super::run::LEASE;
use super::span;
use crate::causes::with_causes;
use crate::clock::BootTime;
use crate::erasure::recheck::followed;
use crate::erasure::{ErasureId, Outcome, Verdict};
use crate::ledger::{Claim, Closed, Closing, LedgerError, QueueName, Work};
use crate::receipt::{ChainEnd, FollowedStatement, Gap, Receipt, ReceiptHead, Statement, Unfinished};
use crate::subject::Scope;

impl Worker {
    /// Closes erasures whose steps all have an outcome.
    pub(super) async fn close(&self, claims: Vec<Claim>, leased: BootTime) {
        if claims.is_empty() {
            return;
        }
        let erasures: Vec<_> = claims.iter().filter_map(|claim| erasure_of(&claim.work)).collect();
        // Before the leases end, so that no other process has begun.
        let left = (leased + LEASE / 2).since(BootTime::now());
        let closed = match timeout(left, self.close_all(claims)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => with_causes(&error),
            Err(_) => "it took longer than it may".to_owned(),
        };
        for erasure in erasures {
            warn!(
                erasure.id = %erasure, error = closed,
                "could not write the receipt; unless it is there, it is written when the lease has ended"
            );
        }
    }

    /// Makes receipts that follow the head, until no other process was faster. One that the ledger refuses is found by halving, so
    /// that it holds up none of the others.
    async fn close_all(&self, claims: Vec<Claim>) -> Result<(), LedgerError> {
        let mut parts = vec![claims];
        while let Some(part) = parts.pop() {
            let closing = self.issue_all(part).await?;
            let Some(last) = closing.last() else { continue };
            let head = last.receipt.head();
            let told: Vec<_> = closing.iter().map(|one| Written::of(&one.receipt.statement)).collect();
            match self.queue.closed(closing).await? {
                Closed::Again(held) => parts.push(held),
                Closed::Done => {
                    self.newest.saw(Some(&head));
                    told.iter().for_each(Written::tell);
                }
                Closed::Refused(mut some, _) if some.len() > 1 => {
                    parts.push(some.split_off(some.len() / 2));
                    parts.push(some);
                }
                Closed::Refused(mut alone, error) => match alone.pop() {
                    Some(claim) => {
                        let span = span::of(&claim.work);
                        self.not_written(&QueueName::Close, &claim.held(), error).instrument(span).await;
                    }
                    None => return Err(error),
                },
            }
        }
        Ok(())
    }

    /// Receipts of these, as far as there are any, that follow the chain's end. They are signed before the ledger is asked to append
    /// them, so that the chain's head is held for one commit only; another process may have been faster, and then they are
    /// made anew.
    async fn issue_all(&self, claims: Vec<Claim>) -> Result<Vec<Closing>, LedgerError> {
        let end = self.newest.look(&*self.records, &*self.queue).await?;
        let set_back = |why| LedgerError::Busy(anyhow::anyhow!("the ledger was set back: {why}"));
        let ChainEnd { mut head, gap } = end.map_err(set_back)?;
        let mut gap = gap.map(|signed| signed.gap);
        let newest = head.as_ref().map_or(0, |head| head.sequence);
        self.newest.may_issue(newest + claims.len() as u64).await;
        let mut closing = Vec::with_capacity(claims.len());
        for claim in claims {
            let follows = self.followed(&claim, &closing).await?;
            match self.issue(&claim, &follows, head.as_ref(), gap.as_ref()) {
                Ok(receipt) => {
                    // The first one says what was lost before it.
                    gap = None;
                    head = Some(receipt.head());
                    closing.push(Closing { claim, receipt });
                }
                Err(unfinished) => {
                    let span = span::of(&claim.work);
                    self.park_closing(claim, &unfinished.to_string()).instrument(span).await?;
                }
            }
        }
        Ok(closing)
    }

    /// Puts one aside alone: the others of the batch get their receipts, each of which follows the one before it.
    async fn park_closing(&self, claim: Claim, reason: &str) -> Result<(), LedgerError> {
        warn!(queue = ?QueueName::Close, reason, "work is parked; a person is needed");
        match self.queue.park(claim, Outcome::Parked, reason).await {
            // It is left to its lease, and holds up none of the others all the same.
            Err(error @ LedgerError::Broken(_)) => {
                warn!(error = %with_causes(&error), "the ledger refuses to have work parked");
                Ok(())
            }
            parked => parked.map(drop),
        }
    }

    fn issue(
        &self,
        claim: &Claim,
        follows: &[FollowedStatement],
        head: Option<&ReceiptHead>,
        gap: Option<&Gap>,
    ) -> Result<Receipt, Unissued> {
        let Work::Close(erasure) = &claim.work else { return Err(Unissued::OtherWork) };
        Ok(Receipt::issue(erasure, follows, head, gap.cloned(), &self.receipt, claim.now)?)
    }

    /// The receipts of what an erasure has erased again: in the ledger, in an archive, or just being written.
    async fn followed(&self, claim: &Claim, closing: &[Closing]) -> Result<Vec<FollowedStatement>, LedgerError> {
        let Work::Close(erasure) = &claim.work else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for erasure in followed(&erasure.rules) {
            let here = closing.iter().map(|one| &one.receipt).find(|receipt| receipt.statement.erasure == erasure);
            let head = match here {
                Some(receipt) => Some(receipt.head()),
                None => self.records.receipt_of(erasure).await?.map(|receipt| receipt.head()),
            };
            let (sequence, hash) = match head {
                Some(ReceiptHead { sequence, hash }) => (Some(sequence), Some(hash)),
                None => (self.records.archived_receipt_of(erasure).await?, None),
            };
            all.push(FollowedStatement { erasure, sequence, hash });
        }
        Ok(all)
    }
}

/// What the log and metrics say of a receipt. It is the one line of an erasure whose way was the usual one.
struct Written {
    erasure: ErasureId,
    scope: Scope,
    verdict: Verdict,
    sequence: u64,
}

impl Written {
    fn of(statement: &Statement) -> Self {
        let Statement { erasure, scope, verdict, sequence, .. } = *statement;
        Self { erasure, scope, verdict, sequence }
    }

    fn tell(&self) {
        metrics::receipt_written(self.verdict);
        info!(
            erasure.id = %self.erasure, scope = self.scope.as_str(), verdict = self.verdict.as_str(),
            receipt = self.sequence, "wrote the receipt"
        );
    }
}

fn erasure_of(work: &Work) -> Option<ErasureId> {
    if let Work::Close(erasure) = work { Some(erasure.id) } else { None }
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
enum Unissued {
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    #[error("there are receipts of erasures only")]
    OtherWork,
}
