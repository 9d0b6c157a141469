// The table of tiles: how many rows the next tile takes when `rows` are left, so that none has to do with one row if two
// can share.
export function rowsOfTile(rows: i32): i32 {
  if (rows <= 6) return rows;
  if (rows <= 8) return 4;
  if (rows <= 10) return 5;
  return 6;
}
