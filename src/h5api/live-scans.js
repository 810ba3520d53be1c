import * as commands from "../redis/commands.js";
import { KEYS } from "../redis/keys.js";
import { ScanNotFoundError } from "../scan/errors.js";
import { isDeleted } from "../scan/loading.js";
import { treeOf } from "./scan-trees.js";
/** Closed scans whose documents are kept in memory. */
const KEPT = 64;
/** Entries of the history read at once; when there are more, the index is asked instead. */
const NEWS = 100;
/** The scans of one file, kept up to date without reading what has not changed. */
export class LiveScans {
    #store;
    #path;
    #members = new Map();
    #timetag;
    #version = 0;
    #looking;
    #next;
    constructor(store, path) {
        this.#store = store;
        this.#path = path;
    }
    /** Where in the history of scans the last look was. */
    get timetag() {
        return this.#timetag ?? "0-0";
    }
    get isEmpty() {
        return this.#members.size === 0;
    }
    /** Looks for new scans, changed states and deletions; the number changes when anything did. One look serves all who wait. */
    async look(options = {}) {
        options.signal?.throwIfAborted();
        // A look under way may have missed what happened just now: share the one after it.
        if (this.#looking) {
            this.#next ??= this.#looking.catch(() => { }).then(() => this.#begin());
            await this.#next;
        }
        else
            await this.#begin();
        options.signal?.throwIfAborted();
        return this.#version;
    }
    /** The scans that are not closed, in the order of creation. */
    async open(options = {}) {
        const open = [];
        for (const member of this.#inOrder()) {
            if (member.names)
                continue;
            const loaded = await this.#load(member, options);
            if (loaded && loaded.scan.state !== "CLOSED")
                open.push(loaded);
        }
        return open;
    }
    /** The scans whose trees are in memory: the open ones, and closed ones that were used lately. */
    get loaded() {
        return this.#inOrder().flatMap(({ loaded }) => loaded ?? []);
    }
    /** The newest scan that has a tree with anything in it. */
    async newest(options = {}) {
        for (const member of this.#inOrder().reverse()) {
            const loaded = await this.#load(member, options);
            if (loaded?.tree && loaded.tree.children.size > 0)
                return loaded;
        }
        return undefined;
    }
    /** Names in the root, in the order of the scans; each once. */
    async names(options = {}) {
        await this.#dropDeleted([...this.#members.values()].filter((member) => !member.loaded));
        const names = new Set();
        for (const member of this.#inOrder())
            for (const name of await this.#namesOf(member, options))
                names.add(name);
        return [...names];
    }
    /** The scans that have a name in their root: normally one or none. */
    async having(name, options = {}) {
        const number = Number(/^(\d+)\./.exec(name)?.[1] ?? Number.NaN);
        const members = this.#inOrder();
        const likely = await this.#having(name, members.filter((member) => member.number === number), options);
        if (likely.length > 0)
            return likely;
        return this.#having(name, members.filter((member) => member.number !== number), options);
    }
    async #having(name, members, options) {
        const found = [];
        for (const member of members) {
            if (!(await this.#namesOf(member, options)).includes(name))
                continue;
            const loaded = await this.#load(member, options);
            if (loaded?.tree?.children.has(name))
                found.push(loaded);
        }
        return found;
    }
    #inOrder() {
        // Keys end in ULIDs: their order is that of creation.
        return [...this.#members.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    }
    async #begin() {
        const look = this.#look();
        this.#looking = look;
        this.#next = undefined;
        try {
            await look;
        }
        finally {
            if (this.#looking === look)
                this.#looking = undefined;
        }
    }
    async #look() {
        if (this.#timetag === undefined)
            return this.#search();
        const { redis } = this.#store;
        const history = redis.do(commands.xread(new Map([[KEYS.history, this.#timetag]]), NEWS));
        const loaded = [...this.#members.values()].filter((member) => member.loaded);
        const closed = loaded.filter((member) => member.loaded?.scan.state === "CLOSED");
        const open = loaded.filter((member) => member.loaded?.scan.state !== "CLOSED");
        const [news] = await Promise.all([
            history,
            this.#dropDeleted(closed),
            ...open.map((member) => this.#update(member)),
        ]);
        const entries = news.get(KEYS.history) ?? [];
        if (entries.length >= NEWS)
            return this.#search();
        await this.#add(entries.flatMap(({ fields }) => fields.get("key")?.toString() ?? []));
        this.#timetag = entries.at(-1)?.id ?? this.#timetag;
    }
    /** Finds all scans of the file through the index. */
    async #search() {
        const { keys, timetag } = await this.#store.search({ path: this.#path });
        const there = new Set(keys);
        for (const key of this.#members.keys())
            if (!there.has(key))
                this.#drop(key);
        await this.#add(keys);
        this.#timetag = timetag;
    }
    /** Takes those of some scans that belong to this file. */
    async #add(keys) {
        const fresh = keys.filter((key) => !this.#members.has(key));
        if (fresh.length === 0)
            return;
        const { redis } = this.#store;
        const ids = await redis.do(commands.jsonMget(fresh, "id"));
        const added = [];
        fresh.forEach((key, i) => {
            const id = JSON.parse(ids[i] ?? "null");
            if (!isIdentity(id) || id.path !== this.#path)
                return;
            const member = { key, number: id.number };
            this.#members.set(key, member);
            added.push(member);
            this.#version++;
        });
        await this.#dropDeleted(added);
    }
    async #update(member) {
        const { loaded } = member;
        if (!loaded)
            return;
        try {
            if (await loaded.scan.update())
                await this.#take(member, loaded.scan, {});
        }
        catch (error) {
            if (!(error instanceof ScanNotFoundError))
                throw error;
            this.#drop(member.key);
        }
    }
    async #dropDeleted(members) {
        if (members.length === 0)
            return;
        const ttls = await this.#store.redis.all(members.map(({ key }) => commands.ttl(key)));
        members.forEach(({ key }, i) => {
            if (isDeleted(ttls[i] ?? -2))
                this.#drop(key);
        });
    }
    #drop(key) {
        if (this.#members.delete(key))
            this.#version++;
    }
    async #namesOf(member, options) {
        return member.names ?? [...((await this.#load(member, options))?.tree?.children.keys() ?? [])];
    }
    async #load(member, options) {
        if (member.loaded) {
            this.#members.delete(member.key); // to the end: used last
            this.#members.set(member.key, member);
            return member.loaded;
        }
        try {
            return await this.#take(member, await this.#store.loadScan(member.key, options), options);
        }
        catch (error) {
            if (!(error instanceof ScanNotFoundError))
                throw error;
            this.#drop(member.key);
            return undefined;
        }
    }
    async #take(member, scan, options) {
        const loaded = { scan, tree: await treeOf(scan, options) };
        member.loaded = loaded;
        if (scan.state === "CLOSED")
            member.names = [...(loaded.tree?.children.keys() ?? [])];
        this.#version++;
        this.#letGo();
        return loaded;
    }
    /** Forgets the documents of the closed scans that were not used for longest. */
    #letGo() {
        const closed = [...this.#members.values()].filter((member) => member.loaded && member.names);
        for (const member of closed.slice(0, Math.max(0, closed.length - KEPT)))
            delete member.loaded;
    }
}
function isIdentity(value) {
    return typeof value === "object" && value !== null && "path" in value && "number" in value;
}
