//! Holds `include/quietus_plugin.h` and `abi` equal: a C program prints what the C compiler makes of the header.

use std::mem::offset_of;
use std::process::Command;

use quietus_plugin::abi::{ABI_MAJOR, ABI_MINOR, Bytes, ENTRY_SYMBOL, HostV1, MAGIC, PluginV1};

/// The same lines of both sides: a struct's name in C and in Rust, and its fields, which have one name.
macro_rules! layout {
    ($($c:ident = $rust:ty { $($field:ident),* $(,)? })*) => {{
        let mut program = String::from("#include <stdio.h>\n#include \"quietus_plugin.h\"\nint main(void) {\n");
        let mut expected = Vec::new();
        $(
            let name = stringify!($c);
            program += &format!("printf(\"{name} %zu %zu\\n\", sizeof({name}), _Alignof({name}));\n");
            expected.push(format!("{name} {} {}", size_of::<$rust>(), align_of::<$rust>()));
            $(
                let field = stringify!($field);
                program += &format!(
                    "printf(\"{name}.{field} %zu %zu\\n\", offsetof({name}, {field}), sizeof((({name} *)0)->{field}));\n"
                );
                let probe = |s: &$rust| size_of_val(&s.$field);
                expected.push(format!("{name}.{field} {} {}", offset_of!($rust, $field), size_of_field(probe)));
            )*
        )*
        program += "printf(\"%lu %d %d\\n\", (unsigned long)QUIETUS_MAGIC, QUIETUS_ABI_MAJOR, QUIETUS_ABI_MINOR);\n";
        program += "return 0; }\n";
        expected.push(format!("{MAGIC} {ABI_MAJOR} {ABI_MINOR}"));
        (program, expected)
    }};
}

/// The size of a field, measured on a value of all zeros, which is valid for these structs.
fn size_of_field<T: Zeroed>(probe: impl Fn(&T) -> usize) -> usize {
    probe(&T::zeroed())
}

trait Zeroed {
    fn zeroed() -> Self;
}

impl Zeroed for Bytes {
    fn zeroed() -> Self {
        Bytes::of(&[])
    }
}

impl Zeroed for HostV1 {
    fn zeroed() -> Self {
        Self {
            struct_size: 0,
            abi_major: 0,
            abi_minor: 0,
            ctx: std::ptr::null_mut(),
            reply: None,
            log: None,
            cancelled: None,
            remaining_ms: None,
            checkpoint: None,
        }
    }
}

impl Zeroed for PluginV1 {
    fn zeroed() -> Self {
        Self {
            magic: 0,
            struct_size: 0,
            abi_major: 0,
            abi_minor: 0,
            flags: 0,
            max_concurrency: 0,
            reserved: 0,
            manifest: Bytes::of(&[]),
            create: None,
            call: None,
            cancel: None,
            destroy: None,
        }
    }
}

#[test]
fn the_header_and_the_rust_definitions_have_one_layout() {
    let (program, expected) = layout! {
        quietus_bytes = Bytes { ptr, len }
        quietus_host_v1 = HostV1 {
            struct_size, abi_major, abi_minor, ctx, reply, log, cancelled, remaining_ms,
            checkpoint,
        }
        quietus_plugin_v1 = PluginV1 {
            magic, struct_size, abi_major, abi_minor, flags, max_concurrency, reserved, manifest, create, call, cancel,
            destroy,
        }
    };
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/include");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join("layout.c");
    let binary = folder.join("layout");
    std::fs::write(&source, program).expect("writable");
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-I", include, "-o"]).args([&binary, &source]);
    assert!(cc.status().expect("a C compiler named `cc`").success());
    let output = Command::new(&binary).output().expect("it runs").stdout;
    let printed: Vec<_> = String::from_utf8(output).expect("UTF-8").lines().map(str::to_owned).collect();
    assert_eq!(printed, expected);
}

#[test]
fn the_header_names_the_symbol_that_the_host_looks_for() {
    let header = include_str!("../include/quietus_plugin.h");
    let symbol = ENTRY_SYMBOL.to_str().expect("ASCII");
    assert!(header.contains(&format!("const quietus_plugin_v1 *{symbol}(void);")));
}
