//! Declares every command of the contract to Tauri, so that a window may call only what its capability grants.

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(aether_contract::COMMANDS);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        println!("cargo:warning={error:#}");
        std::process::exit(1);
    }
}
