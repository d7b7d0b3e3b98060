//! Whether the vendor can be reached, accepts the credentials, and lets them do what an erasure needs.

use quietus_plugin::{Call, ErrorClass, PluginError};
use serde_json::Value;

use super::setup::Engine;
use crate::vendor::Right;

impl Engine {
    /// Asks for what each right allows. The error names the first right that is missing.
    pub(crate) fn health(&self, call: &Call<'_>) -> Result<(), PluginError> {
        for (number, right) in self.vendor.rights(&self.related).iter().enumerate() {
            let answer = self.check_right(right, number == 0, call)?;
            let mut next = (right.next)(&answer);
            while let Some(right) = next {
                let answer = self.check_right(&right, false, call)?;
                next = (right.next)(&answer);
            }
        }
        self.learn_anew(call)
    }

    /// What was answered, unless it says that the right is missing.
    fn check_right(&self, right: &Right, is_first: bool, call: &Call<'_>) -> Result<Value, PluginError> {
        let answer = self.exchange(&right.request, call)?;
        if let Err(error) = self.check(&answer) {
            // Another class is a throttle or a gateway, whatever the status.
            return Err(match (answer.status(), error.class) {
                (401, ErrorClass::NeedsOperator) => {
                    let text = "the vendor refuses the credentials (401): check `auth` and its secret";
                    PluginError::needs_operator(text)
                }
                // Whether the user may do something is not shown to everybody.
                (403, ErrorClass::Permanent) if right.only_informs => return Ok(Value::Null),
                (403 | 500, ErrorClass::Permanent) => may_not(&right.what),
                _ => error,
            });
        }
        match (answer.gone(), is_first) {
            (true, true) => {
                let text = "the vendor's API is not at this address: check `base_url`";
                return Err(PluginError::needs_operator(text));
            }
            // Some vendors do not show what may not be seen.
            (true, false) if right.only_informs => return Ok(Value::Null),
            (true, false) => return Err(may_not(&right.what)),
            (false, _) => {}
        }
        let document = self.document(&answer)?;
        (right.lacking)(&document).map_or(Ok(document), |what| Err(may_not(&what)))
    }
}

pub(super) fn may_not(what: &str) -> PluginError {
    PluginError::needs_operator(format!("the credentials may not {what}: grant it"))
}
