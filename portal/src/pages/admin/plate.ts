// Geometry of the map of buildings: degrees to picture points (equirectangular, true to scale at the middle parallel),
// the lines of the grid, and which dot lies where an arrow key points. Pure, and without any map data.

export interface Place { latitude: number; longitude: number }
/** What is seen, in degrees; `scale` is points of the picture for one degree of latitude. */
export interface View { west: number; north: number; scale: number; squeeze: number; width: number; height: number }

/** Smallest extent shown, in degrees: some 11 km. Buildings of one town are then not pressed into one dot. */
const degreesMin = 0.1;
/** Room around the outermost buildings, as a share of the extent. */
const margin = 0.08;

const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

/** A view that holds all `places` in a picture of that size. Places must not be empty. */
export function fit(places: readonly Place[], width: number, height: number): View {
  const latitudes = places.map((one) => one.latitude);
  const longitudes = places.map((one) => one.longitude);
  const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)];
  const [west, east] = [Math.min(...longitudes), Math.max(...longitudes)];
  return around({ latitude: (south + north) / 2, longitude: (west + east) / 2 }, (north - south) * (1 + 2 * margin), (east - west) * (1 + 2 * margin), width, height);
}

/** A view with `middle` in the middle that shows at least so many degrees. */
export function around(middle: Place, tall: number, wide: number, width: number, height: number): View {
  // At the poles a degree of longitude has no width; near them the picture would be endlessly thin.
  const squeeze = Math.max(0.2, Math.cos((middle.latitude * Math.PI) / 180));
  const scale = Math.min(height / Math.max(tall, degreesMin), width / (Math.max(wide, degreesMin) * squeeze));
  return { scale, squeeze, width, height, west: middle.longitude - width / scale / squeeze / 2, north: middle.latitude + height / scale / 2 };
}

/** The same view nearer (`times` above 1) or farther, with `middle` in the middle; never more than the whole earth. */
export function zoom(view: View, middle: Place, times: number): View {
  const tall = clamp(view.height / view.scale / times, degreesMin, 180);
  const wide = clamp(view.width / view.scale / view.squeeze / times, degreesMin, 360);
  return around(middle, tall, wide, view.width, view.height);
}

export const middleOf = (view: View): Place => ({
  latitude: view.north - view.height / view.scale / 2,
  longitude: view.west + view.width / view.scale / view.squeeze / 2,
});

export const pointOf = (view: View, place: Place): { x: number; y: number } => ({
  x: (place.longitude - view.west) * view.squeeze * view.scale,
  y: (view.north - place.latitude) * view.scale,
});

const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45, 90];

export interface Grid { step: number; latitudes: number[]; longitudes: number[] }

/** Parallels and meridians in sight, about `wanted` of each. */
export function gridOf(view: View, wanted = 5): Grid {
  const tall = view.height / view.scale;
  const wide = view.width / view.scale / view.squeeze;
  const step = steps.find((one) => tall / one <= wanted && wide / one <= wanted * 1.6) ?? 90;
  const lines = (from: number, to: number, least: number, most: number) => {
    const found: number[] = [];
    for (let i = Math.ceil(Math.max(from, least) / step); i * step <= Math.min(to, most) + 1e-9; ++i) found.push(Number((i * step).toFixed(4)));
    return found;
  };
  return { step, latitudes: lines(view.north - tall, view.north, -90, 90), longitudes: lines(view.west, view.west + wide, -180, 180) };
}

export type Arrow = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown';
export const isArrow = (key: string): key is Arrow => /^Arrow(Left|Right|Up|Down)$/.test(key);

/** The dot nearest to `from` in the direction of the arrow; `from` itself when there is none. */
export function neighbour(points: readonly { x: number; y: number }[], from: number, arrow: Arrow): number {
  const here = points[from];
  if (!here) return 0;
  let best = from;
  let least = Infinity;
  points.forEach((point, at) => {
    const [dx, dy] = [point.x - here.x, point.y - here.y];
    const along = { ArrowLeft: -dx, ArrowRight: dx, ArrowUp: -dy, ArrowDown: dy }[arrow];
    const across = Math.abs(arrow === 'ArrowLeft' || arrow === 'ArrowRight' ? dy : dx);
    // What lies too far aside is another arrow's; every dot is some arrow's.
    const cost = along + 2 * across;
    if (at !== from && along > 0 && across <= 2 * along && cost < least) { least = cost; best = at; }
  });
  return best;
}
