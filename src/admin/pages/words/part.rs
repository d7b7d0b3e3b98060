//! The words of some pages that belong together, apart from the others: each part is a struct, and each language has one of it in a file of
//! its own.

/// A struct with the words of a part, as `Words` is one of all.
macro_rules! words_of {
    (
        $(#[$about:meta])*
        $name:ident
        texts { $($text:ident),+ $(,)? }
        counts { $($count:ident),* $(,)? }
        of { $($of:ident: $kind:ty),* $(,)? }
    ) => {
        $(#[$about])*
        pub(in crate::admin::pages) struct $name {
            $(pub(in crate::admin::pages) $text: &'static str,)+
            $(pub(in crate::admin::pages) $count: crate::admin::pages::words::Forms,)*
            $(pub(in crate::admin::pages) $of: fn($kind) -> &'static str,)*
        }

        #[cfg(test)]
        impl $name {
            pub(super) fn texts(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($text), self.$text)),+]
            }

            pub(super) fn counts(&self) -> Vec<(&'static str, &crate::admin::pages::words::Forms)> {
                vec![$((stringify!($count), &self.$count)),*]
            }
        }
    };
}

pub(super) use words_of;
