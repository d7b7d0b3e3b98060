//! Which receipts a list shows. All of it stands in the address and can be combined: a verdict, a company and a day.

use maud::{Markup, html};

use crate::admin::caller::See;
use crate::admin::pages::days::Since;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::filters::{company_filter, query};
use crate::admin::pages::paging::{PAGE, no_such_list};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::lists;
use crate::admin::problem::Problem;
use crate::erasure::Verdict;
use crate::ledger::{Cursor, Page, ReceiptRange};
use crate::operations::receipts;
use crate::receipt::Receipt;
use crate::subject::InstallationName;

/// Receipts that are looked at for one page where those of one company are asked for: the chain is of all companies, and a page is made in a
/// bounded time however few of a company's are in it.
const LOOKED_AT: u32 = 1_000;

#[derive(Clone)]
pub(super) struct Filter {
    pub(super) verdict: Option<Verdict>,
    company: Option<InstallationName>,
    since: Option<Since>,
}

impl Filter {
    pub(super) fn read(visitor: &Visitor<See>, fields: &Fields) -> Result<Self, Problem> {
        let verdict = match fields.text("show") {
            "" => None,
            word => {
                let known = Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word);
                Some(known.ok_or_else(no_such_list)?)
            }
        };
        let company = match fields.text("company") {
            "" => None,
            name => Some(visitor.company(name)?),
        };
        Ok(Self { verdict, company, since: Since::read(&visitor.view, fields)? })
    }

    /// The same with another verdict.
    pub(super) fn with(&self, verdict: Option<Verdict>) -> Self {
        Self { verdict, ..self.clone() }
    }

    pub(super) fn is_everything(&self) -> bool {
        self.verdict.is_none() && !self.is_combined()
    }

    fn is_combined(&self) -> bool {
        self.company.is_some() || self.since.is_some()
    }

    /// What stands behind the `?` of an address.
    pub(super) fn query(&self) -> String {
        let show = self.verdict.map_or("", Verdict::as_str);
        let company = self.company.as_ref().map_or("", |company| &*company.0);
        let since = Since::word(self.since);
        query(&[("show", show), ("company", company), ("since", since.as_str())])
    }

    /// A page of them. Of one company it may have fewer than there are room for, and goes on where it would.
    pub(super) async fn page(&self, visitor: &Visitor<See>, cursor: Cursor) -> Result<Page<Receipt, Cursor>, Problem> {
        let limit = if self.company.is_some() { LOOKED_AT } else { PAGE };
        let since = self.since.map(|since| since.begin);
        let range = ReceiptRange { cursor, limit, verdict: self.verdict, since };
        let mut page = receipts::list(&visitor.on, &range).await?;
        let Some(company) = &self.company else { return Ok(page) };
        page.items.retain(|receipt| receipt.statement.installation == *company);
        if page.items.len() > PAGE as usize {
            page.items.truncate(PAGE as usize);
            page.next = page.items.last().map(|receipt| cursor.after(receipt.statement.sequence));
        }
        Ok(page)
    }

    /// The fields by which filters are combined.
    pub(super) fn form(&self, visitor: &Visitor<See>) -> Markup {
        let (view, l) = (&visitor.view, lists(visitor.view.lang));
        html! {
            details open[self.is_combined()] {
                summary { (l.more_filters) }
                form.filters method="get" action="/receipts" {
                    @if let Some(verdict) = self.verdict { input type="hidden" name="show" value=(verdict.as_str()); }
                    (company_filter(visitor, self.company.as_ref()))
                    (Since::field(view, self.since))
                    button { (l.do_filter) }
                }
            }
        }
    }
}
