import assert from 'node:assert/strict';
import test from 'node:test';
import { addressKey, isAddressName, sortRows } from '../src/query';

const collator = new Intl.Collator('en', { numeric: true });
const sorted = (captions: readonly (string | null)[], descending = false) => {
  const rows = captions.map((caption) => [caption, 1]);
  return sortRows(rows, 0, descending, collator, '[Second Subnet].[Subnet]').map((i) => captions[i]);
};

test('networks stand in the order of their addresses, the blank member last', () => {
  const order = ['2.0.0.0', '10.2.0.0', '10.10.0.0', '10.10.0.0/8', '10.10.0.0/24', '10.10.0.1', '192.168.0.0', '::', '::1', '::ffff:10.0.0.1',
    '2001:db8::', '2001:db8::1', '2001:db8:0:1::', 'fe80::1%eth0', '2001:db8:::1', '300.1.1.1', 'branch'];
  // A mask of its own length stands behind a shorter one of the same address.
  order.splice(2, 3, '10.10.0.0/8', '10.10.0.0/24', '10.10.0.0');
  const blanks = ['', null, '(Blank)'];
  assert.deepEqual(sorted([...order].reverse().concat(blanks as string[])), [...order, ...blanks]);
  assert.deepEqual(sorted([...blanks, ...order] as string[], true), [...order].reverse().concat(blanks as string[]));
});

test('keys of addresses sort as the numbers do, for every pair of a grid of addresses', () => {
  const bytes = [0, 1, 9, 10, 99, 100, 255];
  const all: [number, string][] = [];
  for (const a of bytes) for (const b of bytes) for (const d of bytes) all.push([((a * 256 + b) * 256 + 7) * 256 + d, `${a}.${b}.7.${d}`]);
  for (const [n, x] of all) {
    for (const [m, y] of all) {
      const [keyX, keyY] = [addressKey(x)!, addressKey(y)!];
      assert.equal(Math.sign(n - m), keyX < keyY ? -1 : keyX > keyY ? 1 : 0, `${x} ${y}`);
    }
  }
});

test('one address has one key, however it is written', () => {
  assert.equal(addressKey('2001:DB8::1'), addressKey('2001:0db8:0:0:0:0:0:1'));
  assert.equal(addressKey(' 10.1.0.0 '), addressKey('10.1.0.0/32'));
  assert.notEqual(addressKey('::ffff:10.0.0.1'), addressKey('10.0.0.1'));
});

test('which attributes are addresses', () => {
  for (const name of ['[Second Subnet].[Subnet]', '[First Network].[Network]', '[AllStreams].[Second Subnet]',
    '[FirstTenantDataBuilding].[First Network]', '[Second Network Address].[Relay IP]', '[AllStreams].[First IP Address]']) {
    assert.ok(isAddressName(name), name);
  }
  for (const name of ['[First Network].[Network Name]', '[First Network].[Network Range]', '[Second Network Address].[Relay Port]',
    '[Second Building].[Building Name]', 'Subnet', '[Second Network Connection Type].[Network Connection Detail]']) {
    assert.ok(!isAddressName(name), name);
  }
});

test('other columns sort as texts do', () => {
  const rows = [['10.10.0.0'], ['b'], ['10.9.0.0']];
  assert.deepEqual(sortRows(rows, 0, false, collator, '[Second Building].[Building Name]'), [2, 0, 1]);
});
