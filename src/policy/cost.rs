//! What an expression can cost at most. Every conversation is asked it, and whoever evaluates one does nothing else meanwhile, so what would
//! take seconds is refused when the configuration is read.

use cel::IdedExpr;
use cel::common::ast::Expr;

/// Macros that go through a list, within each other or one after another: each multiplies the cost, or the list.
const LISTS_MAX: usize = 2;

/// Parts of an expression that are evaluated, those within a macro as often as its list is long.
const PARTS_MAX: u64 = 300_000;

/// How many elements are reckoned with where that is not known: a form's fields.
const ELEMENTS: u64 = 100;

/// Why an expression is refused.
pub(super) fn too_costly(tree: &IdedExpr) -> Option<String> {
    let Cost { lists, parts } = cost(tree);
    if lists > LISTS_MAX {
        return Some(format!(
            "it goes through lists within lists, or one after another, {lists} deep; at most {LISTS_MAX} are taken, as each multiplies what \
             every conversation costs (`all`, `exists`, `exists_one`, `filter` and `map`)"
        ));
    }
    (parts > PARTS_MAX).then(|| {
        format!(
            "it can come to {parts} parts to evaluate for each conversation; at most {PARTS_MAX} are taken: its lists are too long to be gone \
             through within each other"
        )
    })
}

#[derive(Clone, Copy, Default)]
struct Cost {
    lists: usize,
    parts: u64,
}

impl Cost {
    fn and(self, other: Self) -> Self {
        Self { lists: self.lists.max(other.lists), parts: self.parts.saturating_add(other.parts) }
    }
}

fn cost(tree: &IdedExpr) -> Cost {
    let one = Cost { lists: 0, parts: 1 };
    match &tree.expr {
        Expr::Comprehension(macro_) => {
            let range = cost(&macro_.iter_range);
            let each = cost(&macro_.loop_cond).and(cost(&macro_.loop_step));
            let once = cost(&macro_.accu_init).and(cost(&macro_.result)).and(range);
            let all = each.parts.saturating_mul(elements(&macro_.iter_range));
            Cost { lists: once.lists.max(each.lists) + 1, parts: once.parts.saturating_add(all) }
        }
        Expr::Call(call) => {
            call.target.iter().map(|target| cost(target)).chain(call.args.iter().map(cost)).fold(one, Cost::and)
        }
        Expr::List(list) => list.elements.iter().map(cost).fold(one, Cost::and),
        Expr::Select(select) => one.and(cost(&select.operand)),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => one,
    }
}

/// How long a list is that is gone through.
fn elements(range: &IdedExpr) -> u64 {
    match &range.expr {
        Expr::List(list) => list.elements.len() as u64,
        // What is filtered or mapped is no longer than before.
        Expr::Comprehension(macro_) => elements(&macro_.iter_range),
        // Of a choice, or of lists that are added to each other.
        Expr::Call(call) => call.args.iter().map(elements).fold(0, u64::saturating_add),
        _ => ELEMENTS,
    }
}
