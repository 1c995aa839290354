// A plot of the last minutes: one figure over time, in the colours of the page, with its present value beside the title.

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

export interface PlotProps {
  readonly title: string;
  /** The present value in words. */
  readonly value: string;
  /** Unix seconds. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly words: (value: number) => string;
  /** The name of a colour of the look. */
  readonly colour: 'accent' | 'good' | 'warn';
}

const HEIGHT = 110;
const SPAN_S = 300;

export function Plot({ title, value, times, values, words, colour }: PlotProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  useEffect(() => {
    const at = frame.current as HTMLDivElement;
    plot.current = new uPlot(optionsFor(at, words, colour), [[], []], at);
    const sized = new ResizeObserver(() => plot.current?.setSize({ width: at.clientWidth, height: HEIGHT }));
    sized.observe(at);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = (): void => plot.current?.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      sized.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => {
    plot.current?.setData([[...times], [...values]]);
  }, [times.at(-1)]);
  return (
    <figure class="plot">
      <figcaption>
        {title} <strong>{value}</strong>
      </figcaption>
      <div ref={frame} aria-hidden="true" />
    </figure>
  );
}

function optionsFor(at: HTMLElement, words: (value: number) => string, colour: string): uPlot.Options {
  const token = (name: string) => () => getComputedStyle(at).getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: token('ink-soft'),
    font: '11px system-ui',
    grid: { stroke: token('edge'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: at.clientWidth || 300,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_self, _min, max) => [(max ?? Date.now() / 1000) - SPAN_S, max ?? Date.now() / 1000] },
      y: { range: (_self, _min, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [
      { ...axis, space: 70, size: 24, values: (_self, ticks) => ticks.map((tick) => CLOCK.format(tick * 1000)) },
      { ...axis, space: 34, size: 56, values: (_self, ticks) => ticks.map(words) },
    ],
    series: [
      {},
      { stroke: token(colour), width: 2, fill: token(`${colour}-fill`), points: { show: false }, spanGaps: false },
    ],
  };
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
