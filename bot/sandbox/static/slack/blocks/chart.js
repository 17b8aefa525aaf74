// data_visualization blocks.

import { chartFigure } from "../charts.js";

export function chart(block) {
  return chartFigure(block.title, block.chart ?? {});
}
