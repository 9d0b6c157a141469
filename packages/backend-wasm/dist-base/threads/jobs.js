/** Jobs in shared memory: a call of a kernel over a range, as numbers, so that any thread can do a part of it. */
import { functionNames } from "../gen/kernels.js";
import { MAX_ARGUMENTS } from "./layout.js";
export class Jobs {
    #words;
    #numbers;
    #functions;
    /** Lists of arguments to call with, one for each length, for a call with ever new lists is slow. */
    #lists = [];
    constructor(buffer, exports) {
        this.#words = new Int32Array(buffer);
        this.#numbers = new Float64Array(buffer);
        this.#functions = functionNames.map((name) => exports[name]);
    }
    write(address, fn, total, parts, args) {
        if (args.length > MAX_ARGUMENTS)
            throw new RangeError(`${functionNames[fn]} has more than ${MAX_ARGUMENTS} arguments`);
        const word = address >> 2;
        this.#words[word] = fn;
        this.#words[word + 1] = total;
        this.#words[word + 2] = parts;
        this.#words[word + 3] = args.length;
        const first = (address >> 3) + 2;
        for (let i = 0; i < args.length; i++)
            this.#numbers[first + i] = args[i];
    }
    /** Into how many parts it should be split. */
    parts(address) {
        return this.#words[(address >> 2) + 2];
    }
    /** Does one of `parts` parts: equal shares of the range, but for one. */
    run(address, part, parts) {
        const word = address >> 2;
        const total = this.#words[word + 1];
        const count = this.#words[word + 3];
        this.#lists[count] ??= new Array(count + 2).fill(0);
        const list = this.#lists[count];
        list[0] = Math.floor((total * part) / parts);
        list[1] = Math.floor((total * (part + 1)) / parts);
        const first = (address >> 3) + 2;
        for (let i = 0; i < count; i++)
            list[i + 2] = this.#numbers[first + i];
        this.#functions[this.#words[word]](...list);
    }
}
//# sourceMappingURL=jobs.js.map