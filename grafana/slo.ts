import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboard, FROM_ROW_TO_TARGET, FROM_SERIES_TO_TARGET, UID } from "./dashboard.ts";
import { COLOUR, thresholds } from "./panels/panel.ts";
import { stat } from "./panels/stat.ts";
import { table } from "./panels/table.ts";
import { property, timeSeries } from "./panels/time-series.ts";
import { ofTargets, STREAM, worst } from "./selectors.ts";
import { group, instance, job, targets } from "./variables.ts";

const BUDGET = ofTargets("target:sounder_slo_budget:remaining_30d");
const OBJECTIVE = ofTargets("target:sounder_slo_objective:ratio");
const WORST_COUNT = 10;

/** Pairs of windows of the burn alerts: both must burn, so that an alert comes early and goes soon after. */
const PAIRS = [
  {
    rate: 14.4,
    long: "1h",
    short: "5m",
    says: "the budget of 30 days lasts two days: wakes someone",
  },
  { rate: 6, long: "6h", short: "30m", says: "the budget lasts five days: wakes someone" },
  { rate: 1, long: "3d", short: "6h", says: "the budget will just be used up: a ticket" },
] as const;

const BUDGET_THRESHOLDS = thresholds(
  COLOUR.bad,
  [0.000_001, COLOUR.warning],
  [0.25, COLOUR.notice],
  [0.5, COLOUR.good],
);
const BURN_THRESHOLDS = thresholds(
  COLOUR.good,
  [1, COLOUR.notice],
  [6, COLOUR.warning],
  [14.4, COLOUR.bad],
);

function burn(window: string): string {
  return ofTargets(`target:sounder_slo_burn:rate_${window}`);
}

const LINKS = [property("links", [FROM_SERIES_TO_TARGET])];

const NOW = [
  stat({
    title: "Targets with an objective",
    description:
      "Targets that have promised something: see deploy/prometheus/sounder-objectives.rules.yml.",
    unit: "short",
    width: 4,
    queries: [{ expr: `count(${OBJECTIVE})` }],
    noValue: "none",
  }),
  stat({
    title: "Budget used up",
    description: "Targets that failed more within 30 days than they have promised.",
    unit: "short",
    width: 4,
    queries: [{ expr: `count(${BUDGET} <= 0) or vector(0)` }],
    colours: thresholds(COLOUR.good, [1, COLOUR.bad]),
  }),
  stat({
    title: "Least budget left",
    description:
      "Error budget of 30 days that the worst target has left: 100 % is untouched, below 0 overdrawn.",
    unit: "percentunit",
    decimals: 1,
    width: 4,
    queries: [{ expr: `min(${BUDGET})` }],
    colours: BUDGET_THRESHOLDS,
    hasCourse: true,
  }),
  stat({
    title: "Fastest burn, 1 h",
    description: "Burn rate of the worst target over one hour: at 1 the budget lasts 30 days.",
    unit: "none",
    decimals: 1,
    width: 4,
    queries: [{ expr: `max(${burn("1h")})` }],
    colours: BURN_THRESHOLDS,
    hasCourse: true,
  }),
  stat({
    title: "Fastest burn, 3 d",
    description: "Burn rate of the worst target over three days.",
    unit: "none",
    decimals: 1,
    width: 4,
    queries: [{ expr: `max(${burn("3d")})` }],
    colours: BURN_THRESHOLDS,
    hasCourse: true,
  }),
  stat({
    title: "Keep their promise",
    description: "Share of targets with an objective that have budget left.",
    unit: "percentunit",
    decimals: 1,
    width: 4,
    queries: [{ expr: `(count(${BUDGET} > 0) or vector(0)) / count(${BUDGET})` }],
    colours: thresholds(COLOUR.bad, [0.9, COLOUR.warning], [0.99, COLOUR.notice], [1, COLOUR.good]),
  }),
  table({
    title: "Every target with an objective",
    description:
      "What was promised, what came of it in 30 days or as long as known, and how fast the rest is used, the least budget first.",
    unit: "short",
    width: 24,
    height: 12,
    labels: ["target", "module", "group", "instance"],
    worstBy: "-Budget left",
    links: { target: FROM_ROW_TO_TARGET },
    columns: [
      {
        name: "Objective",
        unit: "percentunit",
        decimals: 2,
        expr: `max by (${STREAM}) (${OBJECTIVE})`,
      },
      {
        name: "Success, 30 d",
        unit: "percentunit",
        decimals: 3,
        // Those without an objective promise nothing, and are not in this table.
        expr: `min by (${STREAM}) (${ofTargets("target:sounder_success:ratio_30d")} and ${OBJECTIVE})`,
      },
      {
        name: "Budget left",
        unit: "percentunit",
        decimals: 1,
        expr: `min by (${STREAM}) (${BUDGET})`,
        colours: BUDGET_THRESHOLDS,
      },
      ...["1h", "6h", "3d"].map((window) => ({
        name: `Burn, ${window.replace(/(\d+)/, "$1 ")}`,
        unit: "none",
        decimals: 1,
        expr: `max by (${STREAM}) (${burn(window)})`,
        colours: BURN_THRESHOLDS,
      })),
    ],
  }),
];

const OVER_TIME = [
  timeSeries({
    title: "Budget left, worst ten",
    description:
      "Error budget of 30 days over the shown time, of the ten targets with the least at its end.",
    unit: "percentunit",
    max: 1,
    // Overdrawn is what one must see.
    isFromZero: false,
    width: 24,
    height: 9,
    queries: [
      {
        expr: `${BUDGET} and bottomk(${WORST_COUNT}, ${BUDGET} @ end())`,
        legend: "{{target}} {{module}}",
      },
    ],
    legend: "table",
  }).overrideByRegexp(".*", LINKS),
  ...PAIRS.map(({ rate, long, short, says }) =>
    timeSeries({
      title: `Burn rate over ${long.replace(/(\d+)/, "$1 ")}, worst ten`,
      description: `At ${rate} ${says}, once the last ${short.replace(/(\d+)/, "$1 ")} burn as fast.`,
      unit: "none",
      width: 8,
      height: 9,
      queries: [
        { expr: worst(WORST_COUNT, burn(long)), legend: "{{target}} {{module}}" },
        {
          expr: `max(${burn(short)})`,
          legend: `fastest over ${short.replace(/(\d+)/, "$1 ")}`,
        },
      ],
      limits: thresholds("transparent", [rate, COLOUR.bad]),
    }).overrideByRegexp("^(?!fastest).*", LINKS),
  ),
  timeSeries({
    title: "Success, worst ten",
    description: "Answered echoes or good probes among all, over an hour at each point.",
    unit: "percentunit",
    max: 1,
    isFromZero: false,
    width: 24,
    height: 8,
    queries: [
      {
        expr: `1 - (${worst(WORST_COUNT, ofTargets("target:sounder_failures:ratio_1h"))})`,
        legend: "{{target}} {{module}}",
      },
    ],
    legend: "table",
  }).overrideByRegexp(".*", LINKS),
];

export const slo: Dashboard = dashboard({
  uid: UID.slo,
  title: "Sounder / SLO",
  description:
    "What targets have promised, how much of their error budget is left, and how fast it burns.",
  shows: "7d",
  variables: [
    job("sounder_build_info"),
    instance("sounder_build_info", "Agent that measures."),
    group("sounder_target_up"),
    targets("sounder_target_up"),
  ],
  rows: [
    { title: "Now", panels: NOW },
    { title: "Over time", panels: OVER_TIME },
  ],
});
