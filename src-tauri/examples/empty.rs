//! An empty Tauri window: the floor that benchmarks hold the panel's window against. One coloured page, no commands.

fn main() {
    // As the panel does where nothing else is set.
    let built = tauri::Builder::default()
        .setup(|app| {
            let page = "data:text/html,<body style='background:rgb(18,52,86)'></body>";
            let url = tauri::WebviewUrl::External(page.parse()?);
            tauri::WebviewWindowBuilder::new(app, "main", url)
                .inner_size(1280.0, 800.0)
                .title("Empty")
                .build()?;
            Ok(())
        })
        .build(tauri::generate_context!("tauri.conf.json"));
    match built {
        Ok(app) => app.run(|_, _| {}),
        Err(error) => eprintln!("no window: {error}"),
    }
}
