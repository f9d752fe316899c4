//! Chart of requests, units and p99 of each operation against the number of items in the table.

use std::path::{Path, PathBuf};

use plotters::prelude::*;

use super::units;
use crate::statistics::SeriesStats;

/// The chart cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {cause}")]
pub struct ChartError {
    file: PathBuf,
    cause: String,
}

/// Width and height of the chart, in pixels.
const SIZE: (u32, u32) = (1_080, 460);

/// Title of a panel, and the drawn value of an operation, in hundredths.
type Panel = (&'static str, fn(&SeriesStats) -> u64);

/// Panels from left to right.
const PANELS: [Panel; 3] = [
    ("requests", |stats| stats.requests * 100),
    ("capacity units", units),
    ("p99, ms", |stats| stats.warm.map_or(0, |warm| warm.p99 / 10)),
];

/// Draws the results of `operations` on tables of these `sizes`.
pub(super) fn draw(file: &Path, operations: &[Vec<SeriesStats>], sizes: &[usize]) -> Result<(), ChartError> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    let failed =
        |cause: &dyn std::fmt::Display| ChartError { file: file.to_owned(), cause: cause.to_string() };
    root.fill(&WHITE).map_err(|cause| failed(&cause))?;
    let (plots, legend_area) = root.split_horizontally(760);
    for (area, (title, of)) in plots.split_evenly((1, PANELS.len())).iter().zip(PANELS) {
        panel(area, (title, of), operations, sizes).map_err(|cause| failed(&cause))?;
    }
    legend(&legend_area, operations).map_err(|cause| failed(&cause))?;
    root.present().map_err(|cause| failed(&cause))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type DrawResult<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// Draws one value of all operations against the size of the table.
fn panel<'a>(
    area: &Area<'a>,
    (title, of): Panel,
    operations: &[Vec<SeriesStats>],
    sizes: &[usize],
) -> DrawResult<'a> {
    let sizes: Vec<u64> = sizes.iter().map(|size| u64::try_from(*size).unwrap_or(u64::MAX)).collect();
    let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else { return Ok(()) };
    let all = operations.iter().flatten().map(of).filter(|value| *value > 0);
    let (lowest, highest) = (all.clone().min().unwrap_or(1), all.max().unwrap_or(100));
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(28)
        .y_label_area_size(44)
        .build_cartesian_2d(
            (*first..*last).log_scale(),
            (lowest - lowest / 4..highest + highest / 3).log_scale(),
        )?;
    let items = |items: &u64| format!("10^{}", items.ilog10());
    let hundredths = |value: &u64| (value / 100).to_string();
    let mut mesh = chart.configure_mesh();
    mesh.disable_x_mesh()
        .max_light_lines(0)
        .x_labels(4)
        .x_label_formatter(&items)
        .y_label_formatter(&hundredths)
        .draw()?;
    for (number, operation) in operations.iter().enumerate() {
        let colour = Palette99::pick(number);
        let points: Vec<(u64, u64)> = sizes.iter().zip(operation).map(|(at, one)| (*at, of(one))).collect();
        chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        chart.draw_series(points.into_iter().map(|point| Circle::new(point, 2, colour.filled())))?;
    }
    Ok(())
}

/// Draws the legend: the colour of each operation.
fn legend<'a>(area: &Area<'a>, operations: &[Vec<SeriesStats>]) -> DrawResult<'a> {
    for (number, operation) in operations.iter().enumerate() {
        let Some(first) = operation.first() else { continue };
        let y = 20 + 20 * i32::try_from(number).unwrap_or(0);
        let (from, to) = ((4, y), (22, y));
        area.draw(&PathElement::new(vec![from, to], Palette99::pick(number).stroke_width(3)))?;
        area.draw(&Text::new(first.workload.clone(), (28, y - 6), ("sans-serif", 12)))?;
    }
    Ok(())
}
