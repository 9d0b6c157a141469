/** Name and major version of the engine: timings of different engines do not compare. */
export declare function engine(): string;
//# sourceMappingURL=engine.d.ts.map