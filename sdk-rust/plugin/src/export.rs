//! `export_plugin!`: the one line that makes a crate a plugin.
//!
//! A facet is a WIT interface with a world of its own, a trait (`facet::<name>::Plugin`), an impl of
//! the generated `Guest` for every `component::Exported`, and one arm of `__export_facet!`.
//! `export_plugin!` itself stays as it is. Everything goes through `$crate`, so the macro works
//! whatever name the author's `Cargo.toml` gives this crate.

/// Exports a plugin from a `cdylib` crate; called once, at the crate's root.
///
/// ```
/// # use bulkhead_plugin::{data::MethodSchema, plugin::MultiMethodPluginRunner};
/// # use std::collections::HashMap;
/// # struct MyPlugin;
/// # impl MyPlugin { fn new() -> Self { Self } }
/// # impl MultiMethodPluginRunner for MyPlugin {
/// #     fn name(&self) -> String { String::new() }
/// #     fn description(&self) -> String { String::new() }
/// #     fn run(&mut self, args: Vec<u8>, metadata: HashMap<String, String>, _: Option<&str>)
/// #         -> (anyhow::Result<Vec<u8>>, HashMap<String, String>) { (Ok(args), metadata) }
/// #     fn method_proto_map(&self) -> HashMap<String, MethodSchema> { HashMap::new() }
/// # }
/// bulkhead_plugin::export_plugin!(MyPlugin::new());
/// # fn main() {}
/// ```
///
/// is short for `export_plugin!(runner: MyPlugin::new());`, where `runner` names the facet (what the
/// plugin is for) and the expression makes the object that serves it. The expression runs once for
/// each instance, on its first use, with the panic hook and the log in place. Further facets go
/// behind a comma, each with an object of its own; facets joined by `+` share one:
///
/// ```text
/// export_plugin!(runner: Jobs::new(), source: Rows::default());
/// export_plugin!(runner + source: Both::new());
/// ```
///
/// Compiled for `wasm32-wasip2`, the crate becomes a component that exports the facets' interfaces.
/// Compiled natively, it becomes a library with `load_multi_method_plugin` and
/// `free_multi_method_plugin` for hosts of the legacy ABI (see the module `abi`).
///
/// A facet that does not exist is an error of compilation:
///
/// ```compile_fail
/// bulkhead_plugin::export_plugin!(teapot: ());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_plugin {
    ($($facet:ident $(+ $more:ident)* : $make:expr),+ $(,)?) => {
        $($crate::__export_object!($facet $($more)* : $make);)+
    };
    ($make:expr $(,)?) => {
        $crate::export_plugin!(runner: $make);
    };
}

/// One object and the facets that it serves.
#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_object {
    ($($facet:ident)+ : $make:expr) => {
        const _: () = {
            trait Object: $($crate::facet::$facet::Plugin +)+ {}
            impl<T: $($crate::facet::$facet::Plugin +)+> Object for T {}

            ::std::thread_local! {
                static SLOT: $crate::component::Slot<dyn Object> =
                    const { $crate::component::Slot::empty() };
            }

            struct Exported;
            impl $crate::component::Exported for Exported {
                type Object = dyn Object;
                fn with<R>(call: impl FnOnce(&mut Self::Object) -> R) -> R {
                    SLOT.with(|slot| slot.enter(|| ::std::boxed::Box::new($make), call))
                }
            }
            $($crate::__export_facet!($facet Exported);)+
        };
    };
}

/// The exports of one facet of a component.
#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_facet {
    (runner $exported:ident) => {
        $crate::component::bindings::export_runner!(
            $exported with_types_in $crate::component::bindings
        );
    };
    ($unknown:ident $exported:ident) => {
        ::std::compile_error!(::std::concat!(
            "`", ::std::stringify!($unknown), "` is no facet; there is: runner"
        ));
    };
}

/// One object and the facets that it serves. Legacy hosts know the runner facet only.
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_object {
    ($($facet:ident)+ : $make:expr) => {
        $($crate::__export_facet!($facet : $make);)+
    };
}

/// The symbols of one facet of a native library.
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_facet {
    (runner : $make:expr) => {
        const _: () = {
            #[unsafe(no_mangle)]
            #[allow(improper_ctypes_definitions)]
            pub extern "C" fn load_multi_method_plugin() -> $crate::abi::BoxedPlugin {
                $crate::abi::adapt($make)
            }

            #[unsafe(no_mangle)]
            #[allow(improper_ctypes_definitions)]
            pub extern "C" fn free_multi_method_plugin(plugin: $crate::abi::BoxedPlugin) {
                ::std::mem::drop(plugin);
            }
        };
    };
    ($unknown:ident : $make:expr) => {
        ::std::compile_error!(::std::concat!(
            "`",
            ::std::stringify!($unknown),
            "` is no facet; there is: runner"
        ));
    };
}
