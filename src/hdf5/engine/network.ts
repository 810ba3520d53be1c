import { statfs } from "node:fs/promises";

/** Types (statfs) of file systems whose files lie on another machine, or pass through another program. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB 2"],
  [0x47504653, "GPFS"],
  [0x0bd00bd0, "Lustre"],
  [0x19830326, "BeeGFS"],
  [0x00c36400, "CephFS"],
  [0x01021997, "9P"],
  [0x65735546, "FUSE"],
]);

/** The name of the network file system that has this type; undefined: none that we know. */
export function networkFileSystem(type: number): string | undefined {
  return NETWORK.get(type >>> 0);
}

/** True where modification times are set by others: a server, at moments of its own. */
export async function isOnNetwork(path: string): Promise<boolean> {
  return await statfs(path).then(
    ({ type }) => networkFileSystem(type) !== undefined,
    () => false,
  );
}
