//! How a plugin's component is linked.

/// The stack of a component, in bytes, unless it asks for another.
///
/// The host puts an instance's memory back between jobs, and the stack is part of it: with Rust's
/// default of 1 MiB that takes several times as long as with 64 KiB. The stack lies below everything
/// else in memory, so running over its end traps and corrupts nothing.
pub const DEFAULT_STACK: u32 = 64 * 1024;

/// Sets the linker up for a plugin with the default stack. For a build script that compiles no
/// `.proto` files; [`Config::compile_protos`](crate::Config::compile_protos) does it too.
///
/// ```no_run
/// // build.rs
/// fn main() {
///     bulkhead_build::link();
/// }
/// ```
#[allow(clippy::needless_doctest_main)] // the example is a whole build script
pub fn link() {
    link_with_stack(DEFAULT_STACK);
}

/// Sets the linker up for a plugin whose stack has `bytes` bytes (rounded up to 16, as the linker
/// wants it). Of no effect on native builds.
///
/// For plugins that recurse deeply or keep large arrays in local variables. One whose stack is too
/// small traps with "memory access out of bounds", and its job fails.
pub fn link_with_stack(bytes: u32) {
    let target = std::env::var("TARGET").unwrap_or_default();
    for argument in arguments(&target, bytes) {
        println!("cargo::rustc-link-arg-cdylib={argument}");
    }
}

fn arguments(target: &str, stack: u32) -> Vec<String> {
    if !target.starts_with("wasm32") {
        return Vec::new();
    }
    vec![format!("-zstack-size={}", stack.next_multiple_of(16))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_gets_the_stack_it_asks_for() {
        assert_eq!(arguments("wasm32-wasip2", 65_536), ["-zstack-size=65536"]);
        assert_eq!(arguments("wasm32-wasip2", 100_000), ["-zstack-size=100000"]);
        assert_eq!(arguments("wasm32-wasip2", 100_001), ["-zstack-size=100016"]);
    }

    #[test]
    fn a_native_library_is_linked_as_ever() {
        assert!(arguments("x86_64-unknown-linux-gnu", 65_536).is_empty());
    }
}
