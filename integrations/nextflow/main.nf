#!/usr/bin/env nextflow
// One comparison per row of a sheet: id,wt,ko. Example:
//   nextflow run main.nf --sheet comparisons.csv --fasta mm10.fa.gz -profile core

include { CISLEX_WTKO } from './modules/cislex/wtko/main'

workflow {
    comparisons = Channel.fromPath(params.sheet, checkIfExists: true)
        .splitCsv(header: true)
        .map { row -> tuple([id: row.id], file(row.wt, checkIfExists: true), file(row.ko, checkIfExists: true)) }
    genome = Channel.value(tuple([id: 'genome'], file(params.fasta, checkIfExists: true)))
    blacklist = params.blacklist ? file(params.blacklist, checkIfExists: true) : []

    CISLEX_WTKO(comparisons, genome, blacklist)
}
