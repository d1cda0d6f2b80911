// Promises of the map's geometry: everything asked for is in sight, the grid has round numbers, arrows go where they point.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fit, gridOf, middleOf, neighbour, pointOf, zoom, type Place } from '../src/pages/admin/plate';

const places: Place[] = [
  { latitude: 51.5, longitude: -0.1 }, { latitude: 48.85, longitude: 2.35 }, { latitude: 25.03, longitude: 121.56 }, { latitude: -33.87, longitude: 151.2 },
];

test('all places are in the picture, whatever their extent', () => {
  for (const some of [places, places.slice(0, 2), places.slice(0, 1), [{ latitude: 90, longitude: 180 }, { latitude: -90, longitude: -180 }]]) {
    const view = fit(some, 720, 460);
    for (const place of some) {
      const { x, y } = pointOf(view, place);
      assert.ok(x >= -0.001 && x <= 720.001 && y >= -0.001 && y <= 460.001, `${JSON.stringify(place)}: ${x}, ${y}`);
    }
  }
});

test('north is up, east is right, and a degree has the same length both ways in the middle', () => {
  const view = fit(places.slice(0, 2), 720, 460);
  const here = middleOf(view);
  const from = pointOf(view, here);
  const north = pointOf(view, { ...here, latitude: here.latitude + 1 });
  const east = pointOf(view, { ...here, longitude: here.longitude + 1 });
  assert.ok(north.y < from.y && east.x > from.x);
  assert.ok(Math.abs((east.x - from.x) / (from.y - north.y) - Math.cos((here.latitude * Math.PI) / 180)) < 0.01);
});

test('the grid has few lines at round numbers', () => {
  for (const view of [fit(places, 720, 460), fit(places.slice(0, 2), 720, 460), fit(places.slice(0, 1), 720, 460)]) {
    const { latitudes, longitudes, step } = gridOf(view);
    assert.ok(latitudes.length >= 1 && latitudes.length <= 7, String(latitudes));
    assert.ok(longitudes.length >= 1 && longitudes.length <= 10, String(longitudes));
    for (const line of [...latitudes, ...longitudes]) assert.ok(Math.abs(line / step - Math.round(line / step)) < 1e-6);
  }
});

test('zooming goes to the place and back out no farther than the earth', () => {
  let view = zoom(fit(places, 720, 460), places[1]!, 4);
  const { x, y } = pointOf(view, places[1]!);
  assert.ok(Math.abs(x - 360) < 0.01 && Math.abs(y - 230) < 0.01);
  for (let i = 0; i < 20; ++i) view = zoom(view, middleOf(view), 0.5);
  assert.ok(view.scale > 0.5);
});

test('an arrow leads to the nearest dot that lies there', () => {
  const points = [{ x: 100, y: 100 }, { x: 200, y: 110 }, { x: 120, y: 300 }, { x: 400, y: 100 }];
  assert.equal(neighbour(points, 0, 'ArrowRight'), 1);
  assert.equal(neighbour(points, 1, 'ArrowRight'), 3);
  assert.equal(neighbour(points, 0, 'ArrowDown'), 2);
  assert.equal(neighbour(points, 0, 'ArrowLeft'), 0);
  assert.equal(neighbour([], 0, 'ArrowLeft'), 0);
});
