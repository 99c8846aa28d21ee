//! Gauges: one number each, judged by thresholds, with its split by tenant and its history.
//!
//! The queries of a reading are asked elsewhere (`poll`), what their answers mean is decided here.

mod details;
pub mod grid;
pub mod history;
pub mod reading;
pub mod steps;

use aether_contract::{GaugeTenantsPage, GaugeTenantsRequest, TenantValue};

use aether_foundation::matching::filter::contains;

/// Tenants that travel with the snapshot.
pub const TOP_TENANTS: usize = 8;

/// Most rows of one page of the split.
const MAX_ROWS: usize = 500;

/// A page of a gauge's whole split.
pub fn tenants_page(rows: &[TenantValue], request: &GaugeTenantsRequest) -> GaugeTenantsPage {
    let search = request.search.trim().to_lowercase();
    let matching: Vec<&TenantValue> = rows.iter().filter(|row| contains(&row.tenant, &search)).collect();
    let limit = usize::try_from(request.limit).unwrap_or(MAX_ROWS).min(MAX_ROWS);
    let offset = usize::try_from(request.offset).unwrap_or(usize::MAX);
    GaugeTenantsPage {
        total: u32::try_from(matching.len()).unwrap_or(u32::MAX),
        rows: matching.into_iter().skip(offset).take(limit).cloned().collect(),
    }
}
