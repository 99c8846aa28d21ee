#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    aether_clients::fuzz::grafana(data);
    aether_panel::fuzz::grafana(data);
});
