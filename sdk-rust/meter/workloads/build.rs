//! Links a core module instead of a component: the bench rewrites and instantiates it by itself.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg=--skip-wit-component");
    }
}
